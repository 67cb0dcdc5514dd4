"""What making a run needs, imported and done once: local workers are forked from a process that has imported this.

What a run of other notebooks or data needs beside it, a worker finds as it goes.
"""

from __future__ import annotations

import contextlib
import gc

from helpers.fork_server import UNNEEDED, bar_imports

gc.disable()  # nothing of what follows is garbage
with bar_imports(UNNEEDED), contextlib.suppress(Exception):  # a run that does the same will say what's wrong
    import doit.cmd_run  # noqa: F401

    from helpers import __main__, execution, indicators, making, pipeline, project  # noqa: F401  workers import the first
    from helpers.report import pages

    indicators.load(project.find_data())
    pages.rehearse(tuple(pipeline.find_notebooks()))
gc.freeze()
gc.enable()
