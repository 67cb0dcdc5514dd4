"""The process of a command: its signals, its standard streams, and its exit."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from ..base.project import Stopped

_STOPS = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])


def open_streams() -> None:
    """Open /dev/null for closed standard streams, so that no file gets descriptor 0 to 2; escape non-ASCII text."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    sys.stdout, sys.stderr = (stream or Path(os.devnull).open("w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def handle_signals() -> Iterator[None]:
    """Context that raises `Stopped` in its block on Ctrl-C, SIGTERM and SIGHUP.

    Python drops exceptions that are raised in its own callbacks, as at the end of each import; the signal is then sent
    again.
    """

    def raise_stopped(number: int, frame: Any) -> NoReturn:
        ignore_signals()
        raise Stopped(number)

    def send_again(dropped: Any) -> None:
        if isinstance(dropped.exc_value, Stopped):
            number = dropped.exc_value.number
            signal.signal(number, raise_stopped)
            threading.Timer(0.05, os.kill, (os.getpid(), number)).start()  # after the callback
        else:
            tell_dropped(dropped)

    ours = threading.current_thread() is threading.main_thread()
    heard = [one for one in _STOPS if ours and signal.getsignal(one) != signal.SIG_IGN]  # nohup ignores SIGHUP
    previous = {one: signal.signal(one, raise_stopped) for one in heard}
    tell_dropped, sys.unraisablehook = sys.unraisablehook, send_again
    try:
        yield
    finally:
        sys.unraisablehook = tell_dropped
        for one, handler in previous.items():
            signal.signal(one, handler)


def ignore_signals() -> None:
    """Ignore Ctrl-C, SIGTERM and SIGHUP from now on."""
    if threading.current_thread() is threading.main_thread():  # only the main thread can, and only it is interrupted
        for one in _STOPS:
            signal.signal(one, signal.SIG_IGN)


def stop(message: str, code: int) -> NoReturn:
    """Print a message on the error stream and exit."""
    with suppress(OSError):  # the terminal may be closed
        print(message, file=sys.stderr)
    raise SystemExit(code)
