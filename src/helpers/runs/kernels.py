"""Kernels for the notebooks of a run: forked, where the system allows it, from a process that has the libraries.

jupyter_client finds `ForkedProvisioner` through an entry point of this package and asks it for a kernel instead of
starting an interpreter. The standard library's fork server does the forking. Elsewhere, and by hand, kernels start as
they always do. Kernels listen on unix sockets where there are any: TCP ports collide when several start at once.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import queue
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import forkserver
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Type

from ..base.files import hash_helpers
from ..base.folders import claim_folder
from ..base.project import RunError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from concurrent.futures import Future

PROVISIONER = "adoption-forked"
ENVIRONMENT = {  # of every kernel of a run
    "PYTHONHASHSEED": "0",  # sets in one order, so that two runs agree to the byte
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "OMP_NUM_THREADS": "1",  # matrices are small here: threads of linear algebra would wait for each other
    "OPENBLAS_NUM_THREADS": "1",  # wins over the other where both are set
    "MATPLOTLIBRC": os.devnull,  # figures look alike whatever someone likes
    "PYTHONSAFEPATH": "1",  # a file that lies about and is called like a module is none
}
OPTIONS = (
    "--HistoryManager.enabled=False",  # what a run executes is no one's history
    "--InteractiveShellApp.exec_PYTHONSTARTUP=False",  # nor is it what someone likes at the prompt
)
LEAST_FILES, LEAST_MEMORY = 128, 1_500_000_000
MAX_FOLDER = 50  # a socket's whole path may have about 100 characters


CLAIMED: list[Any] = []
"""What holds the folder below: a forked child that let go of it would remove the folder of its parent."""


@cache
def make_place() -> Path:
    """The folder of this process for its sockets; it goes with the process, or with the run after a kill."""
    place = tempfile.gettempdir() if os.name == "nt" or len(os.fsencode(tempfile.gettempdir())) < MAX_FOLDER else "/tmp"
    claimed = claim_folder(Path(place), "adoption-")
    CLAIMED.append(claimed)
    Finalize(None, claimed.__exit__, args=(None, None, None), exitpriority=-101)  # after multiprocessing's own folder
    return claimed.__enter__()


def check_limits() -> None:
    """Refuse what the system's limits would end in the middle, with an abort of some library.

    Raises
    ------
    RunError
    """
    if os.name == "nt":
        return
    import resource

    for kind, least, words in (
        (resource.RLIMIT_NOFILE, LEAST_FILES, "{:,} open files, a run needs {:,}: ulimit -n 256"),
        (resource.RLIMIT_AS, LEAST_MEMORY, "{:,} bytes of memory, a run needs {:,}: ulimit -v unlimited"),
    ):
        granted, _ = resource.getrlimit(kind)
        if granted != resource.RLIM_INFINITY and granted < least:
            raise RunError(f"The system grants this process {words.format(granted, least)}")


LOADED: dict[str, str] = {}
"""The helpers as they were when the fork server imported them."""


def can_fork() -> bool:
    """Whether kernels can be forked: macOS's libraries don't survive a fork, Windows has none.

    Nor may they where the helpers have changed since the fork server imported them.
    """
    possible = sys.platform == "linux" and not multiprocessing.current_process().daemon
    return possible and LOADED in ({}, hash_helpers())


def preload() -> None:
    """Start the fork server, which imports the libraries while this process goes on."""
    LOADED.update(hash_helpers())
    kept, usual = dict(os.environ), tempfile.tempdir
    os.environ.update(ENVIRONMENT)  # the server takes its hash seed from here
    tempfile.tempdir = str(make_place())
    try:
        forkserver.set_forkserver_preload(["adoption_curves.runs.preload"])
        forkserver.ensure_running()
    finally:
        tempfile.tempdir = usual
        os.environ.clear()
        os.environ.update(kept)


def run_kernel(connection_file: str, folder: str, environment: dict[str, str]) -> None:
    """Be a kernel, in a process of its own, that ends with the process that asked for it."""
    os.setsid()  # Ctrl-C is for the run, which then ends its kernels itself
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        log = open_log(connection_file).open("ab")
    except FileNotFoundError:  # who asked for it was killed, and the next run has tidied up
        return
    with log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    threading.Thread(target=_end_with_parent, args=(connection_file,), daemon=True).start()
    import numpy as np

    from .kernel_app import KernelApp

    random.seed()  # else all kernels would draw the same
    np.random.seed()  # noqa: NPY002  the state that libraries share
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"  # it is no kernel that someone started at a prompt
    KernelApp.launch_instance(argv=["-f", connection_file, parent, *OPTIONS])


def open_log(connection_file: str) -> Path:
    """Where a forked kernel writes what its process, not its notebook, has to say."""
    return Path(connection_file).with_name("log")


def _end_with_parent(connection_file: str) -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        shutil.rmtree(Path(connection_file).parent, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


class ForkedProvisioner(KernelProvisionerBase):
    """jupyter_client's way to a kernel's process: see its `KernelProvisionerBase` for what each method must do."""

    process: Any = None

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel to ask about."""
        return self.process is not None

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        """Write the connection file that the kernel will read."""
        self.parent.write_connection_file()
        self.connection_info = self.parent.get_connection_info()
        return await super().pre_launch(cmd=[self.parent.connection_file], **options)

    async def launch_kernel(self, cmd: list[str], **options: Any) -> dict[str, Any]:
        """Fork the kernel; waits for the server's imports without holding up the event loop."""
        arguments = (cmd[0], str(options.get("cwd") or Path.cwd()), dict(options["env"]))
        context = multiprocessing.get_context("forkserver")
        self.process = context.Process(target=run_kernel, args=arguments, daemon=True)
        await asyncio.to_thread(self.process.start)
        return self.connection_info

    async def poll(self) -> int | None:
        """None while the kernel runs, then its exit code."""
        if self.process is None:
            return 0
        return None if self.process.is_alive() else self.process.exitcode

    async def wait(self) -> int | None:
        """Wait for the kernel's end and forget it."""
        if self.process:
            await asyncio.to_thread(self.process.join)
        code, self.process = await self.poll(), None
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal; none to a kernel that is ending, which would tell of an interrupt."""
        if self.process and self.process.is_alive() and not self.parent.shutting_down:
            os.killpg(self.process.pid, signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and its children at once."""
        if self.process:
            with suppress(ProcessLookupError):  # one that has only just been forked leads no group yet
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
            await asyncio.to_thread(self.process.join)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is left: `open_kernel` removes the folder."""


class KernelClient(AsyncKernelClient):
    """Talks to a kernel as soon as it has answered on both channels; the library's own waits another 0.4 seconds."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  the library's name
        """Return when the kernel has told on one channel that it is done with what was asked on the other."""
        end = time.monotonic() + (timeout or 60)
        while time.monotonic() < end:
            asked, told = self.kernel_info(), ("", "")
            with suppress(queue.Empty):  # it may have begun to listen too late: ask again
                while (await self.get_shell_msg(timeout=1))["msg_type"] != "kernel_info_reply":
                    pass
                while told != (asked, "idle"):
                    message = await self.get_iopub_msg(timeout=0.05)
                    told = message["parent_header"].get("msg_id"), message["content"].get("execution_state")
                return
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")


class KernelManager(AsyncKernelManager):
    """Starts this interpreter, whatever the user's installed kernel of the same name points to."""

    client_factory = Type(klass=KernelClient)
    forked = False

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's command, and who starts it."""
        command = [sys.executable, "-m", "adoption_curves.runs.kernel_app", "-f", "{connection_file}", *OPTIONS]
        starter = {"kernel_provisioner": {"provisioner_name": PROVISIONER}} if self.forked else {}
        return KernelSpec(argv=command, display_name="Python 3", language="python", metadata=starter)


RUNNING: set[KernelManager] = set()
"""The managers whose kernels run in this process."""


@contextmanager
def open_kernel(forked: bool) -> Iterator[KernelManager]:
    """A manager whose kernel ends with the block."""
    with tempfile.TemporaryDirectory(prefix="kernel-", dir=make_place(), ignore_cleanup_errors=True) as folder:
        manager = KernelManager(connection_file=str(Path(folder) / "kernel.json"))
        if os.name != "nt":
            manager.transport, manager.ip = "ipc", str(Path(folder) / "socket")
        manager.forked = forked
        RUNNING.add(manager)
        try:
            yield manager
        finally:
            RUNNING.discard(manager)


def stop_kernels(waiting: Collection[Future[Any]]) -> None:
    """End all kernels of this process, until nobody waits for one: some may only be starting now."""
    while not all(future.done() for future in waiting):
        for manager in list(RUNNING):
            process = getattr(manager.provisioner, "process", None)
            if process and process.pid:  # else it hasn't started
                process.kill()
        time.sleep(0.05)
