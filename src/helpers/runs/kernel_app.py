"""The kernel of a run: ipykernel's, without the TCP port that it opens beside its channels."""

from __future__ import annotations

import os
from inspect import signature
from typing import Any

import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.kernelapp import IPKernelApp

from adoption_curves import serve_as_helpers


class KernelApp(IPKernelApp):
    """ipykernel's application, listening on its channels and nowhere else.

    ipykernel takes what a forked child prints on a TCP port, where any user of the machine may send text. Here a child
    prints to the kernel's own streams, from which ipykernel shows it all the same.
    """

    def init_iopub(self, context: Any) -> None:
        """Open the channel of outputs, and no pipe beside it."""
        between = "-" if self.transport == "ipc" else ":"
        given = {"session": self.session} if "session" in signature(IOPubThread).parameters else {}  # not in 7.1
        self.iopub_socket = context.socket(zmq.XPUB if given else zmq.PUB)
        self.iopub_socket.linger = 1000  # milliseconds for what is still to be sent at the end, as in ipykernel
        self.iopub_socket.bind(f"{self.transport}://{self.ip}{between}{self.iopub_port}")
        self.iopub_thread = IOPubThread(self.iopub_socket, **given)  # type: ignore[no-untyped-call]
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_io(self) -> None:
        """Replace the standard streams here, but not in forked children, which can't use the channel."""
        super().init_io()  # type: ignore[no-untyped-call]
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.reset_io)


if __name__ == "__main__":
    serve_as_helpers()
    KernelApp.launch_instance()
