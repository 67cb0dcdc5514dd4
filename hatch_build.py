"""Put data and notebooks into the wheel, as adoption_curves/_project/: an installed package then runs in any folder."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProjectHook(BuildHookInterface):
    """Adds the files of the checkout when a wheel is built; an editable install reads them where they lie."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files and where they go."""
        if version == "editable":
            return
        root = Path(self.root)
        brought = ("data/*.*", "notebooks/*.ipynb", "CITATION.cff", "docs/try.html")
        for path in (path for pattern in brought for path in root.glob(pattern)):
            build_data["force_include"][str(path)] = f"adoption_curves/_project/{path.relative_to(root).as_posix()}"
