"""A notebook executed in this process, which is a fork that has the libraries, and what becomes of its copy."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base.files import write_json

ENVIRONMENT = {  # of every notebook of a run
    "PYTHONHASHSEED": "0",  # sets in one order, so that two runs agree to the byte
    "OMP_NUM_THREADS": "1",  # matrices are small here: threads of linear algebra would wait for each other
    "OPENBLAS_NUM_THREADS": "1",  # wins over the other where both are set
    "MATPLOTLIBRC": os.devnull,  # figures look alike whatever someone likes
    "PYTHONSAFEPATH": "1",  # a file that lies about and is called like a module is none
}
DIED = "Kernel died", "the notebook's process ended; it may have run out of memory"


def execute(source: str, target: str, values: Mapping[str, Any], environment: Mapping[str, str], log: str) -> None:
    """Execute a notebook and end with 1 where a cell fails; what isn't for its page goes to a log."""
    import numpy as np
    import papermill
    from papermill.engines import papermill_engines

    os.setsid()  # Ctrl-C is for the run, which then ends its notebooks itself
    os.environ.update({**ENVIRONMENT, **environment, "IPYTHONDIR": str(Path(log).parent)})
    os.chdir(Path(source).parent)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(handle, stream)
    sys.stdout, sys.stderr = (open(stream, "w", buffering=1, closefd=False) for stream in (1, 2))  # noqa: SIM115
    threading.Thread(target=end_with_parent, daemon=True).start()
    random.seed()  # else all forks would draw the same
    np.random.seed()  # noqa: NPY002  the state that libraries share
    papermill_engines.register("here", make_engine())
    files = [name.replace("{", "{{").replace("}", "}}") for name in (source, target)]
    try:
        papermill.execute_notebook(*files, dict(values), "here", kernel_name="python3", progress_bar=False)
    except papermill.PapermillExecutionError:
        raise SystemExit(1) from None


def end_with_parent() -> None:
    """End this process as soon as the one that started it has ended."""
    import multiprocessing

    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def make_engine() -> Any:
    """The engine of papermill that is IPython in this process: no kernel, no socket, nothing that outlives it."""
    from IPython.core.interactiveshell import InteractiveShell
    from nbformat.v4 import new_output
    from papermill.engines import Engine
    from traitlets.config import Config

    class Shell(InteractiveShell):
        failure: Any = None

        def enable_gui(self, gui: str | None = None) -> None:
            pass

        def _showtraceback(self, etype: type, evalue: object, stb: list[str]) -> None:
            self.failure = new_output("error", ename=etype.__name__, evalue=str(evalue), traceback=stb)

    class ShellEngine(Engine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **_: Any) -> None:
            shell = Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))
            shell.enable_matplotlib("inline")
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                if cell.cell_type == "code":
                    error = execute_cell(shell, cell)
                    if shell.failure:
                        cell.outputs.append(shell.failure)
                        nb_man.cell_exception(cell, cell_index=index, exception=error)
                        break
                nb_man.cell_complete(cell, cell_index=index)

    return ShellEngine


def execute_cell(shell: Any, cell: Any) -> BaseException | None:
    """The error of a code cell, executed with its outputs put into it; what goes to the error stream stays there."""
    from IPython.utils.capture import capture_output
    from nbformat.v4 import new_output

    with capture_output() as said:
        capture = sys.displayhook
        shell.display_trap.hook = lambda value: shell.displayhook.quiet() or capture(value)  # quiet: the cell ends in ;
        result = shell.run_cell(cell.source, store_history=True)
    print(said.stderr, end="", file=sys.stderr)
    cell.execution_count = result.execution_count
    cell.outputs = [new_output("stream", name="stdout", text=said.stdout)] if said.stdout else []
    for each in said.outputs:
        data = {kind: b64encode(one).decode() if isinstance(one, bytes) else one for kind, one in each.data.items()}
        cell.outputs.append(new_output("display_data", data=data, metadata=each.metadata or {}))
    return result.error_in_exec


def clean_copy(source: Path, target: Path) -> None:
    """Name the project's paths in the executed copy, not this machine's."""
    content = json.loads(target.read_text(encoding="utf-8"))
    content["metadata"]["papermill"] |= {"input_path": f"notebooks/{source.name}", "output_path": target.name}
    write_json(target, content)


def name_run(notebook: Path, run: str) -> bool:
    """Give the executed copy of a notebook the name of the run in whose folder it lies; whether it had another."""
    import nbformat
    from papermill.parameterize import parameterize_notebook

    content = json.loads(notebook.read_text(encoding="utf-8"))
    given = content["metadata"]["papermill"]["parameters"]
    if given.get("run", run) == run:
        return False
    filled = parameterize_notebook(nbformat.from_dict(content), given | {"run": run})
    write_json(notebook, filled)
    return True


def name_kernel(notebook: Any) -> None:
    """Name kernel and language as JupyterLab will: a notebook that it opens is then not changed before one types."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelspec import get_kernel_dict

    names = {"name": "python3", "language": "python", "display_name": get_kernel_dict()["display_name"]}
    notebook.metadata |= {"kernelspec": names, "language_info": dict(IPythonKernel.language_info)}


def fill_notebook(source: Path, values: Mapping[str, Any]) -> bytes:
    """The notebook with papermill's cell of parameters, not executed."""
    import nbformat
    from papermill.parameterize import parameterize_notebook

    notebook = nbformat.read(source, 4)
    name_kernel(notebook)
    notebook.metadata["papermill"] = {}
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])  # papermill counts on them
    filled = parameterize_notebook(notebook, dict(values), kernel_name="python3", language="python")
    del filled.metadata["papermill"]
    for cell in filled.cells:
        if "injected-parameters" in cell.metadata["tags"]:
            cell["id"] = "injected-parameters"  # papermill draws one at random
        elif not cell.metadata["tags"]:
            del cell.metadata["tags"]
    return (nbformat.writes(filled, 4) + "\n").encode()
