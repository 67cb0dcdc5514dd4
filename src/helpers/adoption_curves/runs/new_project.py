"""A project of one's own: a folder with the data, the notebooks and a citation to fill in."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path

from ..base.folders import lock_folder, replace_folder
from ..base.project import PROJECT_MARK, UserError, find_root, shorten_path

_CITATION = """\
cff-version: 1.2.0
message: Cite this project as below, and the publishers of the values (data/sources.csv).
title: {title}
type: dataset
authors:
  - name: The authors of this project
date-released: {day}
# Pages of runs name these authors. They say where to write to if you add contact: or url: here.
"""


def begin_project(folder: Path) -> Path:
    """New project: a folder with data, notebooks and a CITATION.cff to fill in.

    Parameters
    ----------
    folder : Path
        It must not be there, or be empty and not the one in which one stands.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UserError
        If there is something in that place.
    """
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{shorten_path(folder)} is there already, and not empty. Name a new folder.")
    if Path.cwd().is_relative_to(folder):
        raise UserError("A project can't be begun in the folder in which you are. Name a new folder: adoption new DIR")
    root, title, day = find_root(), json.dumps(folder.name, ensure_ascii=False), datetime.now().astimezone().date()
    mark = "In this folder and below it, adoption uses data/ and notebooks/ of this folder.\n"
    with lock_folder(folder, "project") as workshop:
        new = workshop / "new"
        for path in (*root.glob("data/[!.]*.*"), *root.glob("notebooks/[!.]*.ipynb")):
            target = new / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        (new / "CITATION.cff").write_text(_CITATION.format(title=title, day=day), encoding="utf-8")
        (new / PROJECT_MARK).write_text(mark)
        replace_folder(folder, new)
    return folder
