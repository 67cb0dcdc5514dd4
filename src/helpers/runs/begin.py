"""A project of one's own: a folder with data and notebooks to edit, and what git and whoever reads it need."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from datetime import date
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from ..base.project import MARK, REGISTER, UserError, ask_git, find_root, shorten_path

IGNORED = "outputs/\n.ipynb_checkpoints/\n__pycache__/\n.venv/\n"
ATTRIBUTES = "*.ipynb filter=nbstripout\n*.ipynb diff=ipynb\n"
SAVED = (  # what JupyterLab and papermill write into a notebook that nobody has changed
    "metadata.papermill", "cell.metadata.papermill", "cell.metadata.execution", "metadata.language_info.version",
    "metadata.language_info.codemirror_mode", "metadata.language_info.file_extension",
    "metadata.language_info.mimetype", "metadata.language_info.nbconvert_exporter",
    "metadata.language_info.pygments_lexer",
)  # fmt: skip
KEPT = "notebooks/mine"
"""Folder for copies of notebooks that git is to keep; they are no part of a run."""
README = """# {name}

A project begun with [Adoption Curves](#cite) {version}: published figures go in, six notebooks run in order, a report
comes out.

In an environment with Adoption Curves {version}, activated (`source .venv/bin/activate`, or `conda activate`),
so that `adoption` and `python` are its own; to make one: `python -m venv .venv`, activate it, and `pip install` the
package's folder or wheel.

```sh
adoption run                 # writes outputs/baseline/html/index.html
adoption check data          # after a change of the figures
adoption open 05             # a copy of a notebook, to try something
```

| here | what |
|---|---|
| `data/` | the figures, each with its source; `data/README.md` says what the columns mean |
| `notebooks/` | the notebooks of every run: what is changed here changes the runs |
| `{kept}/` | for copies to keep: they are no part of a run |
| `outputs/` | what `adoption run` makes, and can make again |

## In git

`.gitignore` leaves `outputs/` out, and with it the copies that `adoption open` makes; to keep one, save it in
`{kept}/`. `.gitattributes` has outputs and traces of JupyterLab taken out of what is committed: a notebook that was
only opened or run differs in nothing (`git status` may name it, since its size changed, until `git add`). Begin with
`git init`; then, and in each clone, once:

```sh
pip install nbstripout
git config filter.nbstripout.clean "python -m nbstripout --keep-id"
git config filter.nbstripout.extrakeys "{saved}"
git config diff.ipynb.textconv "python -m nbstripout -t"
git status  # looks through each notebook once, which takes seconds
```

## Cite

`CITATION.cff` names the authors, from git where it knew a name: complete it, and name an address (`url:` or `doi:`)
once there is one; until then, pages of runs say "Unpublished". Cite the publishers of the figures too:
`data/sources.csv`.
"""


def begin_project(folder: Path) -> Path:
    """Copy data and notebooks into a new folder, whole or not at all, and mark it as a project.

    Beside them lie ``.gitignore``, ``.gitattributes``, ``README.md`` and ``CITATION.cff``, to edit.

    Parameters
    ----------
    folder : Path

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
    import nbformat

    from .notebook_process import name_kernel

    root = find_root()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
        new = Path(place) / "new"
        kept = *root.glob("data/*.*"), *root.glob(f"data/{REGISTER}/**/*.*"), *root.glob("notebooks/*.ipynb")
        for path in (path for path in kept if not path.name.startswith(".")):
            target = new / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        for path in (new / "notebooks").glob("*.ipynb"):
            notebook = nbformat.read(path, 4)
            name_kernel(notebook)  # less what SAVED names: the filter may be switched on after the first commit too
            notebook.metadata.language_info = {"name": notebook.metadata.language_info["name"]}
            nbformat.write(notebook, path)
        for name, text in write_beginnings(folder.name).items():
            (new / name).write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        new.rename(folder)
    return folder


def write_beginnings(name: str) -> dict[str, str]:
    """The texts that a new project of this name begins with, by the names of their files."""
    author, package = ask_author() or f"The authors of {name}", version("adoption-curves")
    citation = {
        "cff-version": "1.2.0",
        "message": "If you use this project, please cite it as below, and cite the publishers of the figures "
        "(data/sources.csv).",
        "title": name,
        "type": "dataset",
        "authors": [{"name": author}],
        "date-released": date.today(),  # noqa: DTZ011  the day it is where the project begins
        "references": [
            {"type": "software", "title": "Adoption Curves", "version": package}
            | {"authors": [{"name": "The Adoption Curves authors"}]}
        ],
    }
    return {
        MARK: "In this folder and below it, adoption uses data/ and notebooks/ of this folder.\n",
        ".gitignore": IGNORED,
        ".gitattributes": ATTRIBUTES,
        "README.md": README.format(name=name, version=package, kept=KEPT, saved=" ".join(SAVED)),
        "CITATION.cff": yaml.safe_dump(citation, sort_keys=False, allow_unicode=True, width=110),
    }


def ask_author() -> str:
    """The name that git writes into commits; "" where it knows none."""
    with suppress(OSError, subprocess.SubprocessError):
        return ask_git(Path.cwd(), "config", "user.name")
    return ""
