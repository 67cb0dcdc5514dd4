"""Put data, notebooks and backtests into the wheel, as helpers/_project/: an installed package then runs in any folder.

The backtests of the reference technologies are made as the wheel is built, where the libraries are there (pip's
--no-build-isolation); without them the first forecast on a machine makes its own.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProjectHook(BuildHookInterface):
    """Adds the files of the checkout when a wheel is built; an editable install reads them where they lie."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files and where they go."""
        if version == "editable":
            return
        root = Path(self.root)
        brought = ("data/*.*", "data/forecasts/**/*.*", "notebooks/*.ipynb", "CITATION.cff")
        for path in (path for pattern in brought for path in root.glob(pattern)):
            build_data["force_include"][str(path)] = f"helpers/_project/{path.relative_to(root).as_posix()}"
        self.made = TemporaryDirectory()
        sys.path.insert(0, str(root / "src"))
        try:
            from helpers.forecast.lessons import FOLDER, write_packaged
            from helpers.indicators import load
        except ImportError as error:
            self.app.display_warning(f"The wheel brings no backtests along: {error}.")
            return
        finally:
            sys.path.remove(str(root / "src"))
        write_packaged(Path(self.made.name), load(root / "data").references())
        for path in Path(self.made.name).iterdir():
            build_data["force_include"][str(path)] = f"helpers/_project/{FOLDER}/{path.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for the wheel."""
        if version != "editable":
            self.made.cleanup()
