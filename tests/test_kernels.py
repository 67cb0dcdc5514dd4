"""Kernels are of this interpreter, in the chosen place and environment, and leave nothing behind."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import pytest

from helpers.kernels import choose_kernels, stop_kernels

pytestmark = pytest.mark.skipif(os.name == "nt", reason="unix-domain sockets are POSIX")


async def ask(kernels, question):
    """What a kernel answers to an expression."""
    manager = kernels(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=30)
    reply = await client.execute_interactive("", user_expressions={"answer": question}, timeout=30)
    sockets = list(Path(manager.ip).parent.iterdir())
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return eval(reply["content"]["user_expressions"]["answer"]["data"]["text/plain"]), sockets, Path(manager.ip).parent


def test_a_kernel_is_ours_and_where_and_how_we_chose(tmp_path):
    kernels = choose_kernels({"ADOPTION_TEST": "yes"}, tmp_path)
    question = "__import__('sys').executable, __import__('os').getcwd(), __import__('os').environ['ADOPTION_TEST']"
    answer, sockets, folder = asyncio.run(ask(kernels, question))
    assert answer == (sys.executable, str(tmp_path), "yes")
    assert any(path.name.startswith("socket-") for path in sockets)
    assert not folder.exists()
    assert "ADOPTION_TEST" not in os.environ


def test_no_kernel_starts_after_the_stop(tmp_path):
    kernels = choose_kernels({}, tmp_path)
    stop_kernels(kernels)

    async def start():
        await kernels(kernel_name="python3").start_kernel()

    before = set(Path(tempfile.gettempdir()).glob("adoption-kernel-*"))
    with pytest.raises(RuntimeError, match="were stopped"):
        asyncio.run(start())
    assert not choose_kernels({}, tmp_path).stopped
    assert set(Path(tempfile.gettempdir()).glob("adoption-kernel-*")) == before
