"""Adoption curves: how fast a technology spreads, and how sure anyone can be of where it goes.

The modules lie in the folder ``helpers`` beside this one and are loaded once, under this name, whatever else is called
``helpers`` on Python's path. `serve_as_helpers` gives them the second name, by which notebooks import them.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

__path__ = [str(Path(__file__).parents[1] / "helpers")]

OWN, OTHER = f"{__name__}.", "helpers."


class _SecondName(MetaPathFinder, Loader):
    """Finds for ``helpers.x`` the module ``adoption_curves.x``, the same object."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What is called by the second name, but for the command line, which Python runs and doesn't import."""
        found = name.startswith(OTHER) and name != f"{OTHER}__main__"
        return ModuleSpec(name, self) if found else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module of the first name; importing sets another spec, which `exec_module` sets back."""
        module = import_module(OWN + spec.name.removeprefix(OTHER))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing runs a second time."""
        module.__spec__ = module.__spec__.loader_state if module.__spec__ else None


def serve_as_helpers() -> None:
    """Let ``import helpers`` find this package in this process, before any other of that name."""
    if sys.modules.get("helpers") is not sys.modules[__name__]:
        sys.meta_path.insert(0, _SecondName())
        sys.modules["helpers"] = sys.modules[__name__]
