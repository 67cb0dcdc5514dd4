"""The command, in this process and in its own, and what lies below them: for tests of what one process can't show."""

import os
import subprocess
import sys
import time

import psutil

from adoption_curves import __main__ as command


def call(capsys, *words):
    """Exit code of the command in this process, and what was said on both streams."""
    code = 0
    try:
        command.main([*map(str, words)])
    except SystemExit as ended:
        code = ended.code or 0
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def start(place, *words, before="", **environment):
    """Start the command in a folder, after some code or with some variables, in a session of its own."""
    program = f"import sys\n{before}\nfrom adoption_curves import __main__\n__main__.main(sys.argv[1:])"
    return subprocess.Popen(
        [sys.executable, "-P", "-c", program, *words],
        cwd=place,
        env={**os.environ, "ADOPTION_OUTPUTS": str(place / "outputs"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def kill_tree(process):
    """Kill a process and all below it, at once, so that nothing is left to tidy up."""
    tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for end in (psutil.Process.suspend, psutil.Process.kill):
        for one in tree:
            end(one)
    process.communicate()


def wait_for(question, seconds=90):
    """The answer, as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError("waited in vain")
