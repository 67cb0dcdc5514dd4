"""A project of one's own: a folder with the data, the notebooks and a citation to fill in."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path

from ..base.folders import find_workshop, is_workshop, lock_folder, replace_folder
from ..base.project import PROJECT_MARK, REGISTER, UserError, find_root, shorten_path

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
    for pattern in ("data/*.*", f"data/{REGISTER}/**/*.*", "notebooks/*.ipynb"):
        for path in (path for path in root.glob(pattern) if not path.name.startswith(".")):
            target = new / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    day = datetime.now().astimezone().date()
    citation = _CITATION.format(title=json.dumps(title, ensure_ascii=False), day=day)
    (new / "CITATION.cff").write_text(citation, encoding="utf-8")
    (new / PROJECT_MARK).write_text("In this folder and below it, adoption uses data/ and notebooks/ of this folder.\n")
    return new
