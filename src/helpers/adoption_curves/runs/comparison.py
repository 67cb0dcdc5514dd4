"""Finished runs compared by a notebook that is no part of a run: its table, figure and page in a folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.files import write_file
from ..base.folders import claim_folder, follow_link, lock_folder, recover, refuse_foreign, replace_folder
from ..base.project import RunError, find_outputs, shorten_path
from .finished import check_names, name_comparison, read_finished
from .ingredients import find_unnumbered
from .notebook_process import execute_notebook, preload
from .record import ENTRY, find_run, hide_place, list_written, locate, read_record, record_path
from .runner import FOLDER

KINDS = ("csv", "data.csv", "html", "narrow.svg", "pdf", "png", "svg")
"""How the files that a notebook on finished runs writes end."""
FILES = {"index.html", *(f"comparison.{kind}" for kind in KINDS)}


def compare_runs(names: Sequence[str], into: Path | None = None) -> Path:
    """Compare finished runs: ``comparison.csv``, a figure and ``index.html``, written whole or not at all.

    Parameters
    ----------
    names : sequence of str
        Two runs or more, each ``RUN`` or ``SWEEP/RUN``.
    into : Path, optional
        Folder to write to; by default ``outputs/compare-<names>``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ParameterError
        If fewer than two runs are named, or one twice.
    RunError
        If a run isn't finished or can't be read, or the folder holds something else than a comparison.
    adoption_curves.runs.runner.NotebookFailed
        If the notebook fails.
    """
    names = [find_run(name).relative_to(find_outputs()).as_posix() for name in names]
    check_names(names)
    data = [read_finished(name).record["parameters"]["data"] for name in names]  # before a kernel starts
    final = into or find_outputs() / name_comparison(names)
    with lock_folder(final, "comparison"):
        recover(final)
        if final.exists() and not final.is_dir():
            raise RunError(f"{shorten_path(final)} is no folder. Move it away, or choose another with --into.")
        refuse_foreign(final, FILES)
        with claim_folder(follow_link(final).parent, f".{final.name}.new-") as place:
            links = {name: link_run(find_run(name), name, final) for name in names}
            files = make_report("compare_runs", {"runs": names}, links, f"adoption compare {' '.join(names)}")
            for name, content in files.items():
                write_file(place / final.name / name, hide_content(name, content, data))
            replace_folder(final, place / final.name)
    return final


def link_run(run: Path, name: str, folder: Path) -> str:
    """Address of a run's page as seen from `folder`; none when they don't lie beside each other."""
    page, outputs = locate(run, "html/index.html"), run.parents[name.count("/")]
    near = folder.parent == outputs or folder.is_relative_to(outputs)
    return Path(os.path.relpath(page, folder)).as_posix() if near and page.exists() else ""


def make_report(notebook: str, values: Mapping[str, Any], links: Mapping[str, str], command: str) -> dict[str, bytes]:
    """Execute a notebook on finished runs, and make its page.

    Parameters
    ----------
    notebook : str
        Name of a notebook without a number.
    values : mapping
        Its parameters.
    links : mapping
        Addresses of the runs' pages as seen from its own, by run; "" for none.
    command : str
        What makes it again, for the page.

    Returns
    -------
    dict
        The page, ``index.html``, each figure alone, tables and figures by the names of their files, for one folder.

    Raises
    ------
    adoption_curves.runs.runner.NotebookFailed
    """
    from .pages import build_report

    source, outputs = find_unnumbered(notebook), find_outputs()
    preload()
    (outputs / FOLDER).mkdir(parents=True, exist_ok=True)
    with claim_folder(outputs / FOLDER, ".work-") as place:
        folder, failed = place / "report", outputs / "lab" / f"{notebook}.partial.ipynb"
        target = locate(folder, f"notebooks/{source.name}")
        target.parent.mkdir(parents=True)
        execute_notebook(source, target, values, failed, outputs, pdf=True)
        for path in (failed, failed.with_suffix(".html")):  # of an attempt that failed
            path.unlink(missing_ok=True)
        pages = {name: page.encode() for name, page in build_report(folder, notebook, links, command).items()}
        written = list_written(read_record(record_path(folder, notebook), ENTRY))
        return {Path(path).name: locate(folder, path).read_bytes() for path in written} | pages


def hide_content(name: str, content: bytes, data: Collection[str]) -> bytes:
    """A page or a table without the paths of own data on this machine; other files as they are."""
    text = name.endswith((".html", ".csv"))
    return hide_place(content.decode(), *data).encode() if text else content
