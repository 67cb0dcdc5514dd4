"""Copies of notebooks to work on, and a project of one's own."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from ..base.files import write_file
from ..base.folders import find_workshop, is_workshop, lock_folder, replace_folder
from ..base.project import PROJECT_MARK, UserError, find_lab, find_outputs, find_root, shorten_path
from ..base.words import quote
from .parameters import ParameterError, Parameters, read_parameters


def _keep_beside(stem: str, suffix: str, content: bytes) -> Path:
    """Path of a new file in ``outputs/lab/``, under the first free name; nothing is overwritten.

    A file of that name with the same content serves.
    """
    for number in count(1):
        path = find_lab() / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
        if not os.path.lexists(path):
            write_file(path, content)
            return path
        if path.is_file() and path.read_bytes() == content:
            return path
    raise AssertionError("there is always a next number")


# ---- a copy of a notebook -----------------------------------------------------------------------------------------


def _find_notebook(name: str) -> Path:
    """The notebook that is meant by "05", "5", "explore" or the beginning of its name.

    Raises
    ------
    UserError
        If there is none, or several.
    """
    folder = find_root() / "notebooks"
    digits = name.lstrip("0").zfill(2) if name.isdecimal() else ""
    wanted = f"{digits}_" if digits else name.removesuffix(".ipynb")
    found = sorted(path for path in folder.glob("*.ipynb") if path.stem.startswith(wanted))
    if len(found) == 1:
        return found[0]
    known = ", ".join(path.stem for path in sorted(folder.glob("*.ipynb")))
    raise UserError(
        f"{'No notebook' if not found else 'More than one notebook'} is called {quote(name)}; there are {known}."
    )


def _name_kernel(notebook: Any) -> None:
    """Name kernel and language as JupyterLab will: a notebook that it opens is then not changed before one types."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelspec import get_kernel_dict

    names = {"name": "python3", "language": "python", "display_name": get_kernel_dict()["display_name"]}
    notebook.metadata |= {"kernelspec": names, "language_info": dict(IPythonKernel.language_info)}


def _fill_notebook(source: Path, values: Mapping[str, Any]) -> bytes:
    """The notebook with these values in its cell of parameters, not executed."""
    import nbformat

    notebook = nbformat.read(source, 4)
    _name_kernel(notebook)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(_fill_line(line, values) for line in cell.source.splitlines())
    return (nbformat.writes(notebook, 4) + "\n").encode()


def _fill_line(line: str, values: Mapping[str, Any]) -> str:
    """The line ``name = value  # meaning`` with the value given for the name."""
    name, _, rest = line.partition(" = ")
    if name not in values:
        return line
    value = values[name]
    written = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
    return f"{name} = {written}  #{rest.rpartition('  #')[2]}"


def prepare_copy(name: str, given: dict[str, Any]) -> Path:
    """Write a copy of a notebook with parameters into ``outputs/lab/``, to work on.

    Parameters
    ----------
    name : str
        As for `_find_notebook`.
    given : dict
        Parameters by name, checked as a run's.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    ParameterError, adoption_curves.indicators.DataError
        For a value that a run would refuse, or a parameter that the notebook doesn't read.
    """
    from .check_series import check_parameters
    from .ingredients import read_declared
    from .parameters import complete_parameters

    source = _find_notebook(name)
    declared = read_declared(source)
    parameters = complete_parameters(read_parameters(given))
    unread = [each for each in given if each not in declared]
    if unread:
        read = ", ".join(each for each in declared if each in Parameters.model_fields) or "none of a run's parameters"
        raise ParameterError(f"notebook {source.stem} doesn't read '{unread[0]}'; it reads {read}")
    check_parameters(parameters)
    values = {each: value for each, value in parameters.model_dump().items() if each in declared}
    own = parameters.run if "run" in declared and parameters.run != Parameters().run else ""
    return _keep_beside(f"{source.stem}-{own}" if own else source.stem, ".ipynb", _fill_notebook(source, values))


def open_lab(path: Path, options: Sequence[str] = ()) -> NoReturn:
    """Become JupyterLab of this interpreter, open on a file, with the project's folder at its root.

    `options` are JupyterLab's own, and win. Kernels write to the outputs that this command knows.
    """
    outputs = find_outputs()
    root = next((folder for folder in (find_root(), Path.cwd(), outputs.parent) if path.is_relative_to(folder)), None)
    beside = [f"--ServerApp.root_dir={root}"] if root else []  # so that outputs/ and data/ are at hand
    if os.name != "nt":  # kernels of ipykernel 7 warn of each connection that is not a socket file
        beside.append("--KernelManager.transport=ipc")
    words = [sys.executable, "-m", "jupyterlab", str(path), *beside, *options]
    os.environ["ADOPTION_OUTPUTS"] = str(outputs)
    sys.stdout.flush()
    os.execv(sys.executable, words)


# ---- a project of one's own -----------------------------------------------------------------------------------------

_CITATION = """\
cff-version: 1.2.0
message: Cite this project as below, and the publishers of the figures (data/sources.csv).
title: {title}
type: dataset
authors:
  - name: The authors of this project
date-released: {day}
# Pages of runs name these authors. They say where to write to if you add contact: or repository-code: here.
"""


def begin_project(folder: Path) -> Path:
    """New project: a folder with data, notebooks and a CITATION.cff to fill in.

    Parameters
    ----------
    folder : Path
        It must not be there, or be empty, or what a killed `begin_project` has left.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UserError
        If there is something in that place.
    """
    empty = folder / "project"  # in an empty folder, which may be the one in which one stands, the work is inside
    inside = folder.is_dir() and not folder.is_symlink() and {*folder.iterdir()} <= {find_workshop(empty)}
    cut_off = folder.is_dir() and not (folder / PROJECT_MARK).exists() and is_workshop(find_workshop(empty))
    if os.path.lexists(folder) and not inside and not cut_off:
        raise UserError(f"{shorten_path(folder)} is there already, and not empty. Name a new folder.")
    with lock_folder(empty if folder.exists() else folder, "project") as shop:
        new = _copy_project(shop / "new", folder.name)
        if not folder.exists():
            replace_folder(folder, new)
        else:  # the mark comes last: until then it is no project, and the same command goes on
            for path in sorted(new.iterdir(), key=lambda path: path.name == PROJECT_MARK):
                if not os.path.lexists(folder / path.name):
                    path.rename(folder / path.name)
    return folder


def _copy_project(new: Path, title: str) -> Path:
    """Copy the data and notebooks of this project into a new folder, with a CITATION.cff and the mark of a project."""
    root = find_root()
    for pattern in ("data/*.*", "notebooks/*.ipynb"):
        for path in (path for path in root.glob(pattern) if not path.name.startswith(".")):
            target = new / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    day = datetime.now().astimezone().date()
    citation = _CITATION.format(title=json.dumps(title, ensure_ascii=False), day=day)
    (new / "CITATION.cff").write_text(citation, encoding="utf-8")
    (new / PROJECT_MARK).write_text("In this folder and below it, adoption uses data/ and notebooks/ of this folder.\n")
    return new
