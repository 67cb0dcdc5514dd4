"""Kernels are of this interpreter, in the chosen place and environment, and leave nothing behind."""

import asyncio
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from test_pipeline import is_alive, wait_for

from helpers.fork_server import ForkServer, ServerEnded, can_fork
from helpers.forking import LIBRARIES, receive
from helpers.kernels import choose_kernels, stop_kernels
from helpers.project import RunError

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
    manager = kernels(kernel_name="python3")
    assert Path(manager.ip).parent.is_dir()
    with pytest.raises(RuntimeError, match="were stopped"):
        asyncio.run(manager.start_kernel())
    assert not choose_kernels({}, tmp_path).stopped
    assert not Path(manager.ip).parent.exists()


@pytest.fixture(scope="module")
def server():
    if not can_fork():
        pytest.skip("kernels are forked on Linux only")
    with ForkServer() as server:
        yield server


def test_a_forked_kernel_is_isolated_and_has_the_libraries(tmp_path, server):
    kernels = choose_kernels({"ADOPTION_TEST": "yes"}, tmp_path, server)
    question = (
        "__import__('os').getpid(), __import__('os').getcwd(), __import__('os').environ['ADOPTION_TEST'], "
        "'helpers.rehearsal' in __import__('sys').modules, hash('x'), __import__('numpy').random.random()"
    )
    first, _, folder = asyncio.run(ask(kernels, question))
    second, _, _ = asyncio.run(ask(kernels, question))
    assert first[0] != second[0] != os.getpid()
    assert first[1:4] == (str(tmp_path), "yes", True)
    assert first[4] == second[4], "hashes are the same in every kernel"
    assert first[5] != second[5], "siblings don't draw the same numbers"
    assert not folder.exists()


def test_what_a_server_rehearses_leaves_no_trace_in_its_kernels(tmp_path, server):
    question = (
        "[__import__('helpers.figures.style'), sorted(map(str, __import__('matplotlib').rcParams.items())), "
        "__import__('matplotlib.pyplot').pyplot.get_fignums()][1:]"
    )
    forked, _, _ = asyncio.run(ask(choose_kernels({}, tmp_path, server), question))
    plain, _, _ = asyncio.run(ask(choose_kernels({}, tmp_path), question))
    assert forked == plain


def test_a_kernels_history_is_not_the_readers(tmp_path, server):
    question = "get_ipython().history_manager.enabled"
    for place in (server, None):
        assert asyncio.run(ask(choose_kernels({}, tmp_path, place), question))[0] is False


def test_every_library_that_is_imported_beforehand_exists():
    assert [name for name in LIBRARIES if importlib.util.find_spec(name) is None] == []


def test_a_kernels_end_is_told_with_its_code(tmp_path, server):
    kernel = server.fork(str(tmp_path / "no-such-file.json"), str(tmp_path), dict(os.environ))
    kernel.signal(signal.SIGKILL)
    assert kernel.ended.result(timeout=20) == -signal.SIGKILL
    kernel.signal(signal.SIGKILL)  # of a process that's gone: nothing happens


def test_a_branch_forks_and_ends_kernels_of_its_own(tmp_path, server):
    whole = server.branch()
    with ForkServer(whole) as branch:
        kernel = branch.fork(str(tmp_path / "kernel.json"), str(tmp_path), dict(os.environ))
        parent = int(Path(f"/proc/{kernel.pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        assert parent not in (server.pid, os.getpid())
        assert branch.helpers == server.helpers
    assert wait_for(lambda: not is_alive(kernel.pid))
    assert wait_for(lambda: not is_alive(parent))
    assert server.is_alive()


def test_a_server_that_is_killed_ends_its_kernels_and_says_so(tmp_path):
    if not can_fork():
        pytest.skip("kernels are forked on Linux only")
    with ForkServer() as server:
        kernel = server.fork(str(tmp_path / "kernel.json"), str(tmp_path), dict(os.environ))
        os.kill(server.pid, signal.SIGKILL)
        assert kernel.ended.result(timeout=20) == -signal.SIGKILL
        with pytest.raises(RuntimeError, match="has ended"):
            server.fork(str(tmp_path / "kernel.json"), str(tmp_path), {})


def test_a_server_calls_functions_and_raises_what_they_raise(server):
    assert server.call("os:getpid") == server.pid
    assert server.call("textwrap:shorten", "one two three", 12) == "one [...]"
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        server.call("no_such_module:any")
    with pytest.raises(RunError, match="no numbered notebooks"):
        server.call("helpers.pipeline:find_notebooks", Path("/no/such/folder"))
    assert server.is_alive()


def test_a_call_to_a_server_that_dies_meanwhile_ends():
    if not can_fork():
        pytest.skip("kernels are forked on Linux only")
    with ForkServer() as server, pytest.raises(ServerEnded, match="has ended"):
        server.call("os:_exit", 1)


def test_a_server_whose_run_was_killed_with_answers_unread_just_ends():
    ours, theirs = socket.socketpair()
    theirs.sendall(b"an answer")
    ours.close()
    with theirs:
        assert receive(theirs) == (b"", [])


def test_a_kernel_that_ends_after_its_server_has_stopped_answering_leaves_no_trace():
    if not can_fork():
        pytest.skip("kernels are forked on Linux only")
    program = (
        "import os, signal, socket\nfrom helpers.forking import answer_requests\n"
        "ours, theirs = socket.socketpair()\nours.close()\nanswer_requests(theirs)\n"
        "os.kill(os.getpid(), signal.SIGCHLD)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""


def test_no_kernel_outlives_the_process_that_wanted_it(tmp_path):
    if not can_fork():
        pytest.skip("kernels are forked on Linux only")
    sockets = tmp_path / "adoption-kernel-x"
    sockets.mkdir()
    program = (
        "import os; from helpers.fork_server import ForkServer\n"
        f"kernel = ForkServer().fork({str(sockets / 'kernel.json')!r}, '.', dict(os.environ))\n"
        "print(kernel.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert wait_for(lambda: not is_alive(int(done.stdout)))
    assert wait_for(lambda: not sockets.exists()), "its sockets go too"
