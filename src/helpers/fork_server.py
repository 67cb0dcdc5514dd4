"""A process that has imported the libraries once and forks a kernel for each notebook: isolated, and started at once.

`ForkServer` is the side of the run. The other side is this module as a program, which gets requests and answers them on
the socket that is its standard input, one line of JSON each. It has imported the helpers as well: a run whose helpers
aren't those (``ForkServer.helpers``) needs another server. It can also be asked to call a function itself, which then
need import nothing. When the socket is closed, because the run has ended in whatever way, it ends every kernel that's
left. Linux only: macOS's libraries don't survive a fork, Windows has none.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pickle
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

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
    "pandera.pandas",
    "pydantic",
    "threadpoolctl",
    "tqdm",
    "yaml",
    "PIL.PngImagePlugin",
)
UNNEEDED = ("debugpy", "hypothesis", "rfc3987_syntax")
"""What libraries import only if it's there, which costs a second in all, and no run needs."""
FIXED = {  # in the environment of every kernel
    "PYTHONHASHSEED": "0",  # sets in one order, so that two runs agree to the byte
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "OMP_NUM_THREADS": "1",  # of linear algebra: matrices are small here, threads would wait for each other
}
PREFIX = "adoption-kernel-"  # of the names of folders with a kernel's sockets
OPTIONS = ("--HistoryManager.enabled=False",)  # of every kernel: what a run executes is no one's history


def can_fork() -> bool:
    """Whether kernels can be forked here."""
    return sys.platform == "linux"


class ServerEnded(RuntimeError):
    """The process that starts kernels is no longer there."""

    def __init__(self) -> None:
        super().__init__("The process that starts kernels has ended.")


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


@dataclass(frozen=True)
class Branch:
    """A fork of a server, for another process: give it to a child process, which makes a `ForkServer` of it."""

    channel: socket.socket
    helpers: Mapping[str, str]


class ForkServer:
    """Starts kernels by forking; safe to use from several threads.

    The server process starts with the object and imports the libraries meanwhile; `fork` waits for that. End it with
    `close`, or use it in a ``with`` block.

    Parameters
    ----------
    branch : Branch, optional
        A server that another process has branched off for this one; it has imported the libraries already.

    Attributes
    ----------
    helpers : mapping of str to str
        sha256 of the package's files just before the server imported them: its kernels run with these.
    """

    def __init__(self, branch: Branch | None = None) -> None:
        self._lock = threading.Lock()
        self._over = False
        self._asked: list[Future[Any]] = []
        self._kernels: dict[int, ForkedKernel] = {}
        self._process: subprocess.Popen[bytes] | None = None
        if branch is None:
            self._start()
        else:
            self._channel, self.helpers = branch.channel, branch.helpers
        threading.Thread(target=self._listen, daemon=True).start()

    def _start(self) -> None:
        from helpers.project import hash_helpers  # not for the server's own process, which imports this module

        self.helpers = hash_helpers()
        self._channel, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "helpers.fork_server"],
            stdin=theirs.fileno(),
            env={**os.environ, **FIXED},
            start_new_session=True,  # Ctrl-C is for the run, which then ends its kernels itself
        )
        theirs.close()

    @property
    def pid(self) -> int | None:
        """Number of the server's process, where this one has started it."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def fork(self, connection_file: str, folder: str, environment: dict[str, str]) -> ForkedKernel:
        """Start a kernel and wait until its process is there.

        Raises
        ------
        ServerEnded
        """
        environment = {**environment, **FIXED}
        return self._ask({"connection_file": connection_file, "folder": folder, "environment": environment})

    def call(self, function: str, *arguments: Any) -> Any:
        """Let the server itself call a function, with the libraries it has, and return what that returns.

        It forks nothing meanwhile.

        Parameters
        ----------
        function : str
            As in ``"helpers.sweep.summary:write_summary"``.
        arguments
            Anything that can be pickled.

        Raises
        ------
        ServerEnded
        Exception
            What the function raises.
        """
        result, error = _unpack(self._ask({"call": function, "arguments": _pack(arguments)}))
        if error is not None:
            raise error
        return result

    def _ask(self, request: Mapping[str, Any]) -> Any:
        answer: Future[Any] = Future()
        with self._lock:
            if self._over:
                raise ServerEnded
            self._asked.append(answer)  # answers come in the order of the requests
            with contextlib.suppress(OSError):  # has just ended: the listener tells
                self._channel.sendall(_write_line(request))
        return answer.result()

    def branch(self) -> Branch:
        """Have a server forked from this one for another process; it ends with that process."""
        ours, theirs = socket.socketpair()
        with self._lock, contextlib.suppress(OSError), theirs:  # a branch of one that has ended is at its end as well
            socket.send_fds(self._channel, [_write_line({"branch": True})], [theirs.fileno()])
        return Branch(ours, self.helpers)

    def is_alive(self) -> bool:
        """Whether it can still fork."""
        return not self._over

    def close(self) -> None:
        """End every kernel that is left, then the server."""
        for pid in list(self._kernels):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        if self._process:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)

    def _read_answers(self) -> Iterator[str]:
        with self._channel, self._channel.makefile(encoding="utf-8") as answers, contextlib.suppress(OSError):
            yield from answers

    def _listen(self) -> None:
        for line in self._read_answers():
            told = json.loads(line)
            if "started" in told:
                kernel = self._kernels[told["started"]] = ForkedKernel(told["started"])
                self._asked.pop(0).set_result(kernel)
            elif "returned" in told:
                self._asked.pop(0).set_result(told["returned"])
            else:
                self._kernels.pop(told["ended"]).ended.set_result(told["code"])
        with self._lock:
            self._over = True
            for answer in self._asked:
                answer.set_exception(ServerEnded())
            for kernel in self._kernels.values():
                kernel.ended.set_result(-signal.SIGKILL)


# ---- the server's own process -------------------------------------------------------------------------------------


def serve() -> None:
    """Import the libraries, then fork a kernel for each request until there are no more."""
    import gc

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


@contextlib.contextmanager
def bar_imports(names: Iterable[str]) -> Iterator[None]:
    """Let imports of `names` fail within the block, as if they weren't installed."""
    barred = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(barred))  # type: ignore[arg-type]  # None is how Python bars an import
    try:
        yield
    finally:
        for name in barred:
            del sys.modules[name]


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
        return _pack((getattr(importlib.import_module(module), name)(*_unpack(request["arguments"])), None))
    except Exception as error:  # noqa: BLE001  raised again where it was asked for
        return _pack((None, error))


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
        channel.sendall(_write_line(content))


def _pack(content: Any) -> str:
    return b64encode(pickle.dumps(content)).decode()


def _unpack(text: str) -> Any:
    return pickle.loads(b64decode(text))  # noqa: S301  from the other side of a socket that has no address


def _write_line(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content) + "\n").encode()


if __name__ == "__main__":
    serve()
