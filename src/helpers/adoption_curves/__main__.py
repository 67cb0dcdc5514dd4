"""The program ``adoption``, or ``python -m adoption_curves``: the command in its process, and how it ends."""

from __future__ import annotations

import atexit
import gc
import sys
import warnings

import click

from .base.columns import GONE
from .base.project import RunError, Stopped, UserError, block_unneeded, format_system_error
from .cli import adoption
from .cli.process import handle_signals, ignore_signals, open_streams, stop


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; people's mistakes end with a sentence on the error stream, not with a traceback."""
    atexit.register(gc.freeze)  # else Python looks through all that's loaded for what to free, before it ends anyway
    atexit.register(ignore_signals)
    open_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # warnings of libraries name their files, which helps no user
    try:
        with block_unneeded(), handle_signals():
            adoption.main(arguments, "adoption", standalone_mode=False)
    except Stopped as stopped:
        stop(stopped.sentence, stopped.code)
    except click.UsageError as error:
        message = error.format_message()
        if isinstance(error, click.NoSuchOption) and (name := error.option_name.removeprefix("--")) in GONE:
            message = f"{error.option_name} {GONE[name]}."
        path = error.ctx.command_path if error.ctx else "adoption"
        stop(f"{message}\nTry '{path} --help' for help.", UserError.exit_code)
    except UserError as error:
        stop(str(error), error.exit_code)
    except (OSError, MemoryError, RuntimeError) as error:
        refused = format_system_error(error)
        if not refused:
            raise
        stop(f"{refused}. Nothing of the last complete run was changed.", RunError.exit_code)


if __name__ == "__main__":
    main()
