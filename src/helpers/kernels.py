"""Kernels for notebooks: this interpreter, on unix-domain sockets where there are any.

Kernels on TCP ports collide when several start at once, and ipykernel warns about each of them. A kernel is a process
of its own in any case; with a `helpers.fork_server.ForkServer` it's forked from one that has imported the libraries.
"""

from __future__ import annotations

import asyncio
import math
import os
import queue
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import DottedObjectName, Type

from helpers.fork_server import OPTIONS, PREFIX, ForkedKernel, ForkServer

LONGEST_FOLDER = 60  # a socket's whole path may have about 100 characters


class NotebookKernelClient(AsyncKernelClient):
    """Talks to a kernel as soon as it answers.

    The library's own client first listens for a fifth of a second for messages that may still come; here the kernel is
    ready when it has told on one channel that it is done with what was asked on the other. And it tries ten times a
    second to reach a socket that isn't there yet; here a hundred times.
    """

    def _context_default(self) -> zmq.Context[Any]:
        context = super()._context_default()
        context.setsockopt(zmq.RECONNECT_IVL, 10)
        return context

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  the library's name
        end = time.monotonic() + (math.inf if timeout is None else timeout)
        while not await self._is_ready():
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    wait_for_ready = _async_wait_for_ready

    async def _is_ready(self) -> bool:
        asked = self.kernel_info()
        try:
            answer: Any = {"msg_type": "", "parent_header": {}}
            while answer["msg_type"] != "kernel_info_reply":
                answer = await self.get_shell_msg(timeout=1)
            self._handle_kernel_info_reply(answer)
            while (answer["parent_header"].get("msg_id"), answer["content"].get("execution_state")) != (asked, "idle"):
                answer = await self.get_iopub_msg(timeout=0.05)  # may have begun to listen too late: ask again
        except queue.Empty:
            return False
        return True


class NotebookKernelManager(AsyncKernelManager):
    """Starts kernels of the running interpreter with a chosen environment and working directory.

    Use `choose_kernels` to get a class with these filled in: papermill makes the managers itself.
    """

    client_class = DottedObjectName("helpers.kernels.NotebookKernelClient")
    client_factory = Type(klass="helpers.kernels.NotebookKernelClient")
    environment: ClassVar[dict[str, str]] = {}
    working_directory: ClassVar[str | None] = None
    server: ClassVar[ForkServer | None] = None
    processes: ClassVar[set[int]] = set()
    stopped: ClassVar[bool] = False

    def __init__(self, **options: Any):
        if os.name != "nt":
            place = tempfile.gettempdir() if len(tempfile.gettempdir()) < LONGEST_FOLDER else "/tmp"
            self._sockets = tempfile.mkdtemp(prefix=PREFIX, dir=place)
            options |= {
                "transport": "ipc",
                "ip": os.path.join(self._sockets, "socket"),
                "connection_file": os.path.join(self._sockets, "kernel.json"),
            }
        super().__init__(**options)

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter, whatever the user's installed kernel of the same name points to."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *OPTIONS]
        return KernelSpec(argv=command, display_name="Python 3", language="python")

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        if self.stopped:
            await self._async_cleanup_resources()
            raise RuntimeError("Kernels of this run were stopped.")
        options["env"] = {**(options.get("env") or os.environ), **self.environment}
        options["cwd"] = self.working_directory or options.get("cwd")
        if self.server is None:
            return await super()._async_pre_start_kernel(**options)
        self.shutting_down = False
        self.kernel_id: str = self.kernel_id or os.path.basename(self._sockets)
        self.provisioner = ForkProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        options = await self.provisioner.pre_launch(**options)
        return options.pop("cmd"), options

    pre_start_kernel = _async_pre_start_kernel

    async def _async_post_start_kernel(self, **options: Any) -> None:
        await super()._async_post_start_kernel(**options)
        if self.provisioner.pid is not None:
            self.processes.add(self.provisioner.pid)
        if self.stopped:  # while this kernel was starting
            stop_kernels(type(self))

    post_start_kernel = _async_post_start_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart and os.name != "nt":
            shutil.rmtree(self._sockets, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """End the kernel; the library's own way to do so at once lets it tell of an interrupt first, and sleeps."""
        if not now:
            await super()._async_shutdown_kernel(now=now, restart=restart)
            return
        self.shutting_down = True
        await self._async_kill_kernel(restart=restart)
        await self._async_cleanup_resources(restart=restart)

    shutdown_kernel = _async_shutdown_kernel


class ForkProvisioner(KernelProvisionerBase):
    """Forks the kernel from the manager's server instead of starting an interpreter."""

    process: ForkedKernel | None = None

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel to ask about."""
        return self.process is not None

    @property
    def pid(self) -> int | None:
        """Number of the kernel's process."""
        return self.process.pid if self.process else None

    async def poll(self) -> int | None:
        """None while the kernel runs, then its exit code."""
        if self.process is None:
            return 0
        return self.process.ended.result() if self.process.ended.done() else None

    async def wait(self) -> int | None:
        """Wait for the kernel's end and forget it."""
        code = await asyncio.wrap_future(self.process.ended) if self.process else 0
        self.process = None
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel."""
        if self.process:
            self.process.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel at once, and wait for that."""
        if self.process:
            self.process.signal(signal.SIGKILL)
            await asyncio.wrap_future(self.process.ended)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        """Write the connection file that the kernel will read."""
        self.parent.write_connection_file()
        self.connection_info = self.parent.get_connection_info()
        return await super().pre_launch(cmd=["fork"], **options)

    async def launch_kernel(self, cmd: list[str], **options: Any) -> dict[str, Any]:
        """Fork the kernel; waits for the server's imports without holding up the event loop."""
        request = (self.parent.connection_file, str(options["cwd"] or os.getcwd()), dict(options["env"]))
        self.process = await asyncio.to_thread(self.parent.server.fork, *request)
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is left to clean: the manager removes the sockets."""


def choose_kernels(
    environment: dict[str, str], working_directory: Path, server: ForkServer | None = None
) -> type[NotebookKernelManager]:
    """Class of kernel managers whose kernels get `environment` on top of ours and start in `working_directory`.

    With a `server` they are forked from it, else each is an interpreter of its own.
    """
    chosen: dict[str, Any] = {
        "environment": environment,
        "working_directory": str(working_directory),
        "server": server,
        "processes": set(),
    }
    return type("ChosenKernelManager", (NotebookKernelManager,), chosen)


def stop_kernels(kernels: type[NotebookKernelManager]) -> None:
    """End every kernel that managers of this class started and that still runs, at once, and let none start."""
    kernels.stopped = True
    for process in kernels.processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
