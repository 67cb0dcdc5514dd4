"""Local workers: processes that make whole runs, and never outlive the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Self

from helpers.fork_server import UNNEEDED, Branch, ForkServer, bar_imports, can_fork
from helpers.sweep.work import Outcome, Task, make_run

if TYPE_CHECKING:  # the second isn't there on Windows
    from multiprocessing.context import ForkServerContext, SpawnContext


class LocalWorkers:
    """A number of worker processes; one that dies is replaced.

    Use it in a ``with`` block: at its end all workers end, with what they are making. Their kernels are forked from
    branches of `server` if there is one, so that the libraries are imported once for all of them.
    """

    def __init__(self, count: int, server: ForkServer | None = None):
        self._count, self._server = count, server
        self._idle: list[tuple[BaseProcess, Connection]] = []
        self._busy: dict[Connection, tuple[BaseProcess, Task]] = {}

    def __enter__(self) -> Self:
        self._idle = [self._start() for _ in range(self._count)]
        return self

    def __exit__(self, *error: object) -> None:
        everyone = [*self._idle, *((process, connection) for connection, (process, _) in self._busy.items())]
        for _, connection in everyone:
            connection.close()
        for process, _ in everyone:
            process.join(timeout=2)
            process.kill()
            process.join()

    @property
    def free(self) -> int:
        """Runs that may be given out now."""
        return len(self._idle)

    def give(self, task: Task) -> None:
        """Let a free worker make a run."""
        process, connection = self._idle.pop()
        self._busy[connection] = process, task
        with suppress(OSError):  # it died while idle: `collect` finds out
            connection.send(task)

    def collect(self, seconds: float | None = None) -> list[tuple[Task, Outcome | None]]:
        """Wait for a run to end, `seconds` at the most, and return what ended; no outcome if its worker died."""
        ended: list[tuple[Task, Outcome | None]] = []
        ready = wait(list(self._busy), seconds)
        for connection in [connection for connection in self._busy if connection in ready]:
            process, task = self._busy.pop(connection)
            outcome: Outcome | None
            try:
                outcome = connection.recv()
                self._idle.append((process, connection))
            except (EOFError, OSError):
                outcome = None
                connection.close()
                process.join()
                self._idle.append(self._start())
            ended.append((task, outcome))
        return ended

    def _start(self) -> tuple[BaseProcess, Connection]:
        context = _choose_context()
        ours, theirs = context.Pipe()
        branch = self._server.branch() if self._server else None
        process = context.Process(target=serve, args=(theirs, branch, dict(os.environ)), daemon=True)
        # Ctrl-C is for this process, which then ends the workers; a child inherits that it's ignored
        with _ignore_interrupts():
            process.start()
        theirs.close()
        if branch:
            branch.channel.close()
        return process, ours


def _choose_context() -> SpawnContext | ForkServerContext:
    """Workers are forked from a process that is ready to make runs, where that's possible."""
    if not can_fork():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["helpers.sweep.readiness"])
    return context


@contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """Only the main thread can set what a signal does; interrupts reach no other one anyway."""
    ours = threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN) if ours else None
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, previous)


def serve(connection: Connection, branch: Branch | None, environment: Mapping[str, str]) -> None:
    """Make the runs that come through the pipe until it's cut; runs in the worker's own process."""
    os.environ.clear()  # the process that this one is forked from may be older than what's set now
    os.environ.update(environment)
    sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  the sweep tells what happens
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, tasks), daemon=True).start()
    server = ForkServer(branch) if branch else None
    with bar_imports(UNNEEDED):
        while True:
            connection.send(make_run(tasks.get(), server))


def _listen(connection: Connection, tasks: queue.SimpleQueue[Task]) -> None:
    """Hand on tasks; end this process at once when the other end of the pipe is gone, whatever it's doing."""
    while True:
        try:
            tasks.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)
