"""The process that forks kernels: a program that `helpers.fork_server.ForkServer` starts.

It gets requests and answers them on the socket that is its standard input, one line of JSON each. When the socket is
closed, because the run has ended in whatever way, it ends every kernel that's left.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from helpers.fork_server import OPTIONS, PREFIX, UNNEEDED, bar_imports, pack, unpack, write_line

LIBRARIES = (  # of the notebooks and helpers; not matplotlib's inline backend, which must come with IPython
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "numpy",
    "pandas",
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "statsmodels.genmod.generalized_linear_model",
    "matplotlib.patheffects",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "great_tables",
    "pydantic",
    "threadpoolctl",
    "tqdm",
    "yaml",
    "PIL.PngImagePlugin",
)


def serve() -> None:
    """Import the libraries, then fork a kernel for each request until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel: socket.socket | None = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # where a run's output is read, what a library prints would stand between its lines
    gc.disable()  # nothing of what follows is garbage
    with bar_imports(UNNEEDED):
        import_libraries(LIBRARIES)
        with contextlib.suppress(Exception):  # a notebook that does the same will say what's wrong
            from helpers.rehearsal import rehearse

            rehearse()
    gc.freeze()
    gc.enable()
    while channel:
        channel = answer_requests(channel)


def answer_requests(channel: socket.socket) -> socket.socket | None:
    """Do what's asked for until the channel is closed, then end the kernels; a branch returns at once, with its own."""
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    kernels: dict[int, Path] = {}
    pending, handed = b"", list[int]()
    while True:
        ready, _, _ = select.select([channel, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            report_ended(kernels, channel)
        if channel in ready:
            received, handles = receive(channel)
            if not received:
                break
            handed += handles
            *lines, pending = (pending + received).split(b"\n")
            for request in map(json.loads, lines):
                if "call" in request:
                    _answer(channel, {"returned": call_function(request)})
                    continue
                theirs = socket.socket(fileno=handed.pop(0)) if "branch" in request else None
                pid = os.fork()
                if pid == 0:
                    return become_other(request, theirs, (channel, woken, wake))
                if theirs:
                    theirs.close()
                else:
                    kernels[pid] = Path(request["connection_file"]).parent
                    _answer(channel, {"started": pid})
    signal.set_wakeup_fd(-1)  # the kernels that end now are told to no one
    end_kernels(kernels)
    return None


def end_kernels(kernels: Mapping[int, Path]) -> None:
    """Kill kernels, and remove the folders with their sockets: whoever made these may have been killed."""
    for pid, folder in kernels.items():
        for kill in (os.kill, os.killpg):  # one that has only just been forked leads no group yet
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        if folder.name.startswith(PREFIX):
            shutil.rmtree(folder, ignore_errors=True)


def receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """What has come, with the handles that came along; nothing when the other side has gone, however it ended."""
    try:
        received, handles, _, _ = socket.recv_fds(channel, 1 << 16, 16)
    except ConnectionResetError:  # it was killed with answers unread
        return b"", []
    return received, handles


def import_libraries(names: Iterable[str]) -> None:
    """Import what's there: a library that is missing is missed by the notebook that needs it."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def report_ended(kernels: dict[int, Path], channel: socket.socket) -> None:
    """Collect the children that have ended, and tell the kernels' exit codes."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in kernels:
            del kernels[pid]
            _answer(channel, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def call_function(request: Mapping[str, Any]) -> str:
    """Call what's asked for: what it returns and what it raises, packed."""
    try:
        module, _, name = request["call"].partition(":")
        return pack((getattr(importlib.import_module(module), name)(*unpack(request["arguments"])), None))
    except Exception as error:  # noqa: BLE001  raised again where it was asked for
        return pack((None, error))


def become_other(request: dict[str, Any], theirs: socket.socket | None, ours: Iterable[socket.socket]) -> socket.socket:
    """Turn this forked process into a branch, whose channel is returned, or into a kernel."""
    signal.set_wakeup_fd(-1)
    for each in ours:
        each.close()
    return theirs or become_kernel(request)


def become_kernel(request: dict[str, Any]) -> NoReturn:
    """Turn this forked process into a kernel; never returns."""
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        random.seed()  # else all kernels would draw the same
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed()
        sys.argv[:] = ["ipykernel_launcher", "-f", request["connection_file"]]
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(argv=[*sys.argv[1:], *OPTIONS, f"--IPKernelApp.parent_handle={os.getppid()}"])
        code = 0
    except Exception:  # noqa: BLE001  whatever it is, the run reads it
        traceback.print_exc()
    finally:
        os._exit(code)


def _answer(channel: socket.socket, content: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):
        channel.sendall(write_line(content))


if __name__ == "__main__":
    serve()
