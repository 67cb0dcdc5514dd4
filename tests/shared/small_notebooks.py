"""Small notebooks that behave like the project's own, for tests to change: tests/notebooks has their cells."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def read_notebooks(folder):
    """Texts of cells by the notebook's name; a line of hyphens stands between them."""
    paths = sorted((Path(__file__).parents[1] / "notebooks" / folder).glob("*.txt"))
    return {path.stem: path.read_text(encoding="utf-8").rstrip("\n").split("\n---\n") for path in paths}


ALL = read_notebooks("run")
SWEPT = read_notebooks("sweep")
"""Of which a sweep shares the first; the second notes beside its folder what it made, fails at 13 and waits at 30."""


def write_notebook(path, cells):
    """A notebook from texts, Markdown and code by their look; the parameters begin with the run, or are a dict."""
    made = []
    for cell in cells:
        source = cell if isinstance(cell, str) else "\n".join(f"{name} = {value!r}" for name, value in cell.items())
        made.append(new_markdown_cell(source) if source.startswith(("#", "$")) else new_code_cell(source))
        if source.startswith(("run = ", "runs = ")):
            made[-1]["metadata"]["tags"] = ["parameters"]
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made, metadata=metadata), path)
    return path


def write_notebooks(folder, notebooks=ALL):
    """The three notebooks, or others, in `folder`."""
    for name, cells in notebooks.items():
        told = [cell.replace("NOTES", repr(str(folder.parent))) if isinstance(cell, str) else cell for cell in cells]
        write_notebook(folder / f"{name}.ipynb", told)
    return folder
