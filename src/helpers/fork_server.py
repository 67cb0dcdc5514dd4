"""A process that has imported the libraries once and forks a kernel for each notebook: isolated, and started at once.

This is the side of the run; that process is `helpers.forking`. It has imported the helpers as well: a run whose helpers
aren't those (``ForkServer.helpers``) needs another server. It can also be asked to call a function itself, which then
needs to import nothing. Linux only: macOS's libraries don't survive a fork, Windows has none.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Self

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
        from helpers.project import hash_helpers  # not for the other side, which imports this module

        self.helpers = hash_helpers()
        self._channel, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "helpers.forking"],
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
        result, error = unpack(self._ask({"call": function, "arguments": pack(arguments)}))
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
                self._channel.sendall(write_line(request))
        return answer.result()

    def branch(self) -> Branch:
        """Have a server forked from this one for another process; it ends with that process."""
        ours, theirs = socket.socketpair()
        with self._lock, contextlib.suppress(OSError), theirs:  # a branch of one that has ended is at its end as well
            socket.send_fds(self._channel, [write_line({"branch": True})], [theirs.fileno()])
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


# ---- what both sides use ------------------------------------------------------------------------------------------


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


def pack(content: Any) -> str:
    """Anything that can be pickled, as text for a line."""
    return b64encode(pickle.dumps(content)).decode()


def unpack(text: str) -> Any:
    """What was packed."""
    return pickle.loads(b64decode(text))  # noqa: S301  from the other side of a socket that has no address


def write_line(content: Mapping[str, Any]) -> bytes:
    """A request or an answer, as it goes through the socket."""
    return (json.dumps(content) + "\n").encode()
