"""Kernels for notebooks: this interpreter, on unix-domain sockets where there are any.

Kernels on TCP ports collide when several start at once, and ipykernel warns about each of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

LONGEST_FOLDER = 60  # a socket's whole path may have about 100 characters


class NotebookKernelManager(AsyncKernelManager):
    """Starts kernels of the running interpreter with a chosen environment and working directory.

    Use `choose_kernels` to get a class with both filled in: papermill makes the managers itself.
    """

    environment: ClassVar[dict[str, str]] = {}
    working_directory: ClassVar[str | None] = None
    processes: ClassVar[set[int]] = set()
    stopped: ClassVar[bool] = False

    def __init__(self, **options: Any):
        if os.name != "nt":
            place = tempfile.gettempdir() if len(tempfile.gettempdir()) < LONGEST_FOLDER else "/tmp"
            self._sockets = tempfile.mkdtemp(prefix="adoption-kernel-", dir=place)
            options |= {
                "transport": "ipc",
                "ip": os.path.join(self._sockets, "socket"),
                "connection_file": os.path.join(self._sockets, "kernel.json"),
            }
        super().__init__(**options)

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter, whatever the user's installed kernel of the same name points to."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        if self.stopped:
            await self._async_cleanup_resources()
            raise RuntimeError("Kernels of this run were stopped.")
        options["env"] = {**(options.get("env") or os.environ), **self.environment}
        options["cwd"] = self.working_directory or options.get("cwd")
        return await super()._async_pre_start_kernel(**options)

    pre_start_kernel = _async_pre_start_kernel

    async def _async_post_start_kernel(self, **options: Any) -> None:
        await super()._async_post_start_kernel(**options)
        self.processes.add(self.provisioner.pid)
        if self.stopped:  # while this kernel was starting
            stop_kernels(type(self))

    post_start_kernel = _async_post_start_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart and os.name != "nt":
            shutil.rmtree(self._sockets, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


def choose_kernels(environment: dict[str, str], working_directory: Path) -> type[NotebookKernelManager]:
    """Class of kernel managers whose kernels get `environment` on top of ours and start in `working_directory`."""
    chosen = {"environment": environment, "working_directory": str(working_directory), "processes": set()}
    return type("ChosenKernelManager", (NotebookKernelManager,), chosen)


def stop_kernels(kernels: type[NotebookKernelManager]) -> None:
    """End every kernel that managers of this class started and that still runs, at once, and let none start."""
    kernels.stopped = True
    for process in kernels.processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
