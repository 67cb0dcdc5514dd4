"""What the fork server imports, so that no kernel must."""
import contextlib, importlib
from helpers.forking import LIBRARIES
from helpers.fork_server import UNNEEDED, bar_imports
with bar_imports(UNNEEDED):
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.suppress(Exception):
        from helpers.rehearsal import rehearse
        rehearse()
