"""Where a notebook's tables and figures go, and the record of them."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.files import write_file, write_json
from ..base.project import RunError, name_path
from .notebook import DATA, PDF, RUNNER, locate, read_record, record_path, write_csv

if TYPE_CHECKING:
    from ..indicators import AdoptionSeries


@dataclass(frozen=True)
class SavedFigure:
    """A figure that has been written: shows its PNG in a notebook, with the alternative text in the metadata."""

    name: str
    alt: str
    png: bytes = field(repr=False)
    width: int = field(repr=False)
    pdf: bool = field(repr=False)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/png": b64encode(self.png).decode(), "text/plain": f"{self.name}: {self.alt}"}
        return data, {"image/png": {"alt": self.alt, "width": self.width, "name": self.name, "pdf": self.pdf}}


class Output:
    """What a notebook writes; its record begins afresh.

    Parameters
    ----------
    notebook : str
        Name of the notebook.
    folder : Path
        Where it writes. By hand, which is said, that is never the place of what a command has made.
    parameters : mapping
        What it was given, for the record.
    names : str
        The names that its tables and figures may have, as a regular expression.
    rule : str
        The same in words, which follow the name.

    Attributes
    ----------
    folder : Path
    notebook : str

    Raises
    ------
    RunError
        If a file is where the folder should be.
    """

    def __init__(self, notebook: str, folder: Path, parameters: Mapping[str, Any], names: str, rule: str):
        place = name_path(str(folder))
        if os.path.lexists(folder) and not folder.is_dir():
            raise RunError(f"The results would go to {place}, but that is a file. Give the run another name.")
        record = {"parameters": dict(parameters), "read": {}, "tables": {}, "figures": {}}
        write_json(record_path(folder, notebook), record)
        if not os.environ.get(RUNNER):
            print(f"By hand: results go to {place}/.")
        self.folder, self.notebook, self._names, self._rule = folder, notebook, names, rule

    def keep(self, name: str, frame: Any, of: AdoptionSeries | None = None) -> None:
        """Write a frame to ``tables/<name>.csv``.

        Floats get ten significant digits, dates are ISO, lines end in LF; a named index becomes columns. A text that
        a spreadsheet would take for a formula gets an apostrophe before it, which `read_table` takes off again.

        Parameters
        ----------
        name : str
            Begins with the notebook's number, if it has one.
        frame : DataFrame
        of : AdoptionSeries, optional
            What its rows are about: entity and indicator become the first columns.

        Raises
        ------
        RunError
            If the name isn't the notebook's, or a frame has no columns or two of one name.
        """
        if of is not None:
            frame = frame.assign(entity=of.entity, indicator=of.indicator)
            frame = frame[["entity", "indicator", *frame.columns.drop(["entity", "indicator"])]]
        self._check_name("table", name)
        content, columns = write_csv(name, frame)
        digest = write_file(locate(self.folder, f"tables/{name}.csv"), content)
        self._note("tables", name, {"sha256": digest, "rows": len(frame), "columns": columns})

    def show(
        self,
        name: str,
        frame: Any,
        title: str,
        note: str = "",
        empty: str = "",
        of: AdoptionSeries | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Keep a frame as table `name`, as `keep` does, and display it; where it has no rows, say why.

        Parameters
        ----------
        name, frame : as for `keep`
        title, note : str
            As for `tables.show`.
        empty : str
            What is said in the place of a table without rows, in Markdown.
        of : as for `keep`
        columns : sequence of str, optional
            Those that are displayed; all are kept. Of these, columns without any value are left out.
        """
        from IPython.display import Markdown, display

        from ..show import tables

        self.keep(name, frame, of)
        shown = frame if columns is None else frame[[*columns]]
        shown = shown.dropna(axis="columns", how="all") if len(frame) else shown
        display(Markdown(empty) if empty and not len(frame) else tables.show(shown, title, note))

    def draw(self, name: str, figure: Any, alt: str, data: Any = None) -> SavedFigure | None:
        """Write a figure to ``figures/<name>.png`` and ``.svg``; an `Exhibit` has a ``.narrow.svg`` for telephones too.

        Pages offer what is drawn as CSV: `data`, written to ``figures/<name>.data.csv``, or the table of this name.

        Parameters
        ----------
        name : str
            As for `keep`.
        figure : matplotlib Figure, an object that has one as ``.figure`` (Axes, a seaborn grid), or None
            None, where there is nothing to draw, writes nothing.
        alt : str
            What it shows, for readers who can't see it.
        data : DataFrame, optional
            What is drawn, where no table of the figure's name holds it.

        Returns
        -------
        SavedFigure or None
            As the last value of a cell it is displayed.

        Raises
        ------
        RunError
            If the name isn't the notebook's, there is no alternative text, or nothing is drawn.
        """
        if figure is None:
            return None
        from ..show.figures.images import draw_images
        from ..show.figures.style import DOTS_PER_INCH

        self._check_name("figure", name)
        if not alt.strip():
            raise RunError(f"Figure {name} needs an alternative text: what does it show?")
        figure = figure if hasattr(figure, "savefig") and hasattr(figure, "axes") else figure.figure
        if not any(axes.has_data() for axes in figure.get_axes()):
            raise RunError(f"Figure {name} is empty: nothing is drawn in it.")
        images = dict(draw_images(figure, alt, narrow=True, pdf=bool(os.environ.get(PDF))))
        files = images if data is None else images | {DATA: write_csv(name, data)[0]}
        places = {kind: locate(self.folder, f"figures/{name}.{kind}") for kind in files}
        hashes = {kind: write_file(places[kind], file) for kind, file in files.items()}
        width = round(int.from_bytes(images["png"][16:20], "big") / DOTS_PER_INCH * 96)
        self._note("figures", name, {"alt": alt, "width": width, "sha256": hashes})
        return SavedFigure(name, alt, images["png"], width, "pdf" in images)

    def _check_name(self, kind: str, name: str) -> None:
        if not re.fullmatch(self._names, name):
            raise RunError(f"The name of {kind} '{name}' {self._rule}")

    def _note(self, kind: str, name: str, entry: dict[str, Any] | str) -> None:
        record = read_record(self.folder, self.notebook)
        record[kind][name] = entry
        write_json(record_path(self.folder, self.notebook), record)
