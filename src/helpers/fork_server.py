"""A process that has imported the libraries once and forks a kernel for each notebook: isolated, and started at once.

`ForkServer` is the side of the run. The other side is this module as a program, which reads requests from its standard
input and answers on its standard output, one line of JSON each; it never imports a helper that computes, so that each
kernel loads the helpers as they are. When its input ends, because the run has ended in whatever way, it ends every
kernel that's left. Linux only: macOS's libraries don't survive a fork, Windows has none.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any, Self

LIBRARIES = (  # of the notebooks and helpers; not matplotlib's inline backend, which must come with IPython
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "numpy",
    "pandas",
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "statsmodels.api",
    "matplotlib.patheffects",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "great_tables",
    "pandera.pandas",
    "pydantic",
    "threadpoolctl",
    "tqdm",
    "yaml",
    "PIL.PngImagePlugin",
)
OVER = "The process that starts kernels has ended."
FIXED = {"PYTHONHASHSEED": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}


def can_fork() -> bool:
    """Whether kernels can be forked here."""
    return sys.platform == "linux"


class ForkedKernel:
    """A kernel's process: its number, and a future of its exit code (negative: the signal that ended it)."""

    def __init__(self, pid: int):
        self.pid = pid
        self.ended: Future[int] = Future()

    def signal(self, number: int) -> None:
        """Send a signal, if the process still runs."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, number)


class ForkServer:
    """Starts kernels by forking; safe to use from several threads.

    The server process starts with the object and imports the libraries meanwhile; `fork` waits for that. End it with
    `close`, or use it in a ``with`` block.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over = False
        self._asked: list[Future[ForkedKernel]] = []
        self._kernels: dict[int, ForkedKernel] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "helpers.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **FIXED},
            start_new_session=True,  # Ctrl-C is for the run, which then ends its kernels itself
        )
        assert self._process.stdin is not None  # both are pipes
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        """Number of the server's process."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def fork(self, connection_file: str, folder: str, environment: dict[str, str]) -> ForkedKernel:
        """Start a kernel and wait until its process is there.

        Raises
        ------
        RuntimeError
            If the server has ended.
        """
        answer: Future[ForkedKernel] = Future()
        request = {"connection_file": connection_file, "folder": folder, "environment": {**environment, **FIXED}}
        with self._lock:
            if self._over:
                raise RuntimeError(OVER)
            self._asked.append(answer)  # answers come in the order of the requests
            with contextlib.suppress(OSError, ValueError):  # has just ended: the listener tells
                print(json.dumps(request), file=self._requests, flush=True)
        return answer.result()

    def is_alive(self) -> bool:
        """Whether it can still fork."""
        return not self._over

    def close(self) -> None:
        """End every kernel that is left, then the server."""
        for pid in list(self._kernels):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            self._requests.close()

    def _listen(self) -> None:
        for line in self._answers:
            told = json.loads(line)
            if "started" in told:
                kernel = self._kernels[told["started"]] = ForkedKernel(told["started"])
                self._asked.pop(0).set_result(kernel)
            else:
                self._kernels.pop(told["ended"]).ended.set_result(told["code"])
        with self._lock:
            self._over = True
            for answer in self._asked:
                answer.set_exception(RuntimeError(OVER))
            for kernel in self._kernels.values():
                kernel.ended.set_result(-signal.SIGKILL)


# ---- the server's own process -------------------------------------------------------------------------------------


def serve() -> None:
    """Import the libraries, then fork a kernel for each request until the input ends."""
    import gc

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a library prints must not look like an answer
    import_libraries(LIBRARIES)
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    kernels: set[int] = set()
    pending = b""
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            report_ended(kernels, answers)
        if requests in ready:
            received = os.read(requests, 1 << 16)
            if not received:
                break
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                pid = os.fork()
                if pid == 0:
                    become_kernel(json.loads(line), (requests, answers, woken, wake))
                kernels.add(pid)
                _answer(answers, {"started": pid})
    for pid in kernels:
        for kill in (os.kill, os.killpg):  # one that has only just been forked leads no group yet
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)


def import_libraries(names: Iterable[str]) -> None:
    """Import what's there: a library that is missing is missed by the notebook that needs it."""
    import importlib

    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # as in helpers.__main__
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def report_ended(kernels: set[int], answers: int) -> None:
    """Collect the kernels that have ended and tell their exit codes."""
    while kernels:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        kernels.discard(pid)
        _answer(answers, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def become_kernel(request: dict[str, Any], inherited: Iterable[int]) -> None:
    """Turn this forked process into a kernel; never returns."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        for descriptor in inherited:
            os.close(descriptor)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        random.seed()  # else all kernels would draw the same
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed()
        sys.argv[:] = ["ipykernel_launcher", "-f", request["connection_file"]]
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(argv=[*sys.argv[1:], f"--IPKernelApp.parent_handle={os.getppid()}"])
        code = 0
    except Exception:  # noqa: BLE001  whatever it is, the run reads it
        traceback.print_exc()
    finally:
        os._exit(code)


def _answer(answers: int, content: dict[str, int]) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(answers, (json.dumps(content) + "\n").encode())


if __name__ == "__main__":
    serve()
