"""The command's door: it looks whether `helpers`, a name that others use too, is this package's, and opens it."""

import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    """Run the command line, or say which foreign `helpers` comes first on Python's path."""
    spec = find_spec("helpers")
    found = Path(spec.origin) if spec and spec.origin else None
    if found is None or not (found.parent / "project.py").is_file():
        where = found or (list(spec.submodule_search_locations or [])[:1] if spec else "nowhere")
        sys.exit(
            f"Another package or file is called 'helpers' and comes first on Python's path: {where}. Rename it, leave "
            "its folder, or take it off PYTHONPATH; this one is beside " + str(Path(__file__).parents[1])
        )
    from helpers.__main__ import main as run

    run()
