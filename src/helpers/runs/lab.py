"""What people make in JupyterLab, in ``outputs/lab/``: copies of notebooks, what they write, saved choices."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ..base.files import write_file
from ..base.project import UserError, ask_git, find_lab, find_outputs, find_root, shorten_path
from ..base.words import quote
from .begin import KEPT
from .parameters import ParameterError, Parameters, read_parameters


def keep_beside(stem: str, suffix: str, content: bytes) -> Path:
    """Write a file into ``outputs/lab/`` under the first free name: what is there already is never overwritten.

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


def save_choice(values: dict[str, Any], stem: str, comment: str = "") -> Path:
    """Write parameters as YAML that ``adoption run NAME -f FILE`` takes.

    Parameters
    ----------
    values : dict
        Parameters by name; they are checked as a run's.
    stem : str
        Of the file's name.
    comment : str
        First line of the file.

    Returns
    -------
    Path
        The file, in ``outputs/lab/``.

    Raises
    ------
    ParameterError
        If a run would refuse one of the values.
    """
    checked = read_parameters(values).model_dump(include=set(values))
    text = yaml.safe_dump(checked, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    return keep_beside(stem, ".yaml", (f"# {comment}\n{text}" if comment else text).encode())


# ---- a copy of a notebook -----------------------------------------------------------------------------------------


def find_notebook(name: str) -> Path:
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


def prepare_copy(name: str, given: dict[str, Any]) -> Path:
    """Write a copy of a notebook with parameters into ``outputs/lab/``, to work on.

    Parameters
    ----------
    name : str
        As for `find_notebook`.
    given : dict
        Parameters by name, checked as a run's.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    ParameterError, helpers.indicators.DataError
        For a value that a run would refuse, or a parameter that the notebook doesn't read.
    """
    from .checks import check_parameters
    from .notebook_process import fill_notebook
    from .parameters import complete_parameters
    from .sequence import read_declared

    source = find_notebook(name)
    declared = read_declared(source)
    parameters = complete_parameters(read_parameters(given))
    unread = [each for each in given if each not in declared]
    if unread:
        read = ", ".join(each for each in declared if each in Parameters.model_fields) or "none of a run's parameters"
        raise ParameterError(f"notebook {source.stem} doesn't read '{unread[0]}'; it reads {read}")
    check_parameters(parameters)
    values = {each: value for each, value in parameters.model_dump().items() if each in declared}
    own = parameters.run if "run" in declared and parameters.run != Parameters().run else ""
    return keep_beside(f"{source.stem}-{own}" if own else source.stem, ".ipynb", fill_notebook(source, values))


def say_kept(path: Path) -> str:
    """Where to keep a copy that git does not see; "" where it does, or where the project is not in git."""
    try:
        ask_git(find_root(), "check-ignore", "--quiet", str(path))
    except (OSError, subprocess.SubprocessError) as error:
        if "outside repository" not in str(getattr(error, "stderr", "")):
            return ""
    kept = shorten_path(find_root() / KEPT / path.name)
    return f"git does not see it there. To keep it, save it as {kept}: a copy there is no part of a run."


def open_lab(path: Path, options: Sequence[str] = ()) -> NoReturn:
    """Become JupyterLab of this interpreter, open on a file, with the project's folder at its root.

    `options` are JupyterLab's own, and win. Kernels write to the outputs that this command knows.
    """
    outputs = find_outputs()
    root = next((folder for folder in (find_root(), Path.cwd(), outputs.parent) if path.is_relative_to(folder)), None)
    beside = [f"--ServerApp.root_dir={root}"] if root else []  # so that outputs/ and data/ are at hand
    words = [sys.executable, "-m", "jupyterlab", str(path), *beside, *options]
    os.environ["ADOPTION_OUTPUTS"] = str(outputs)
    sys.stdout.flush()
    os.execv(sys.executable, words)
