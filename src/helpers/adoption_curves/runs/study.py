"""Study of a notebook: its parameters, series and tables, and the folder for its own tables and figures."""

from __future__ import annotations

import inspect
import os
import re
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.files import hash_file, write_file
from ..base.project import RUNNER, RunError, find_lab, find_outputs, find_root, name_path
from .ingredients import read_declared
from .manifest import DATA, locate, new_entry, read_entries, write_entry
from .parameters import ParameterError, Parameters, complete_parameters, read_parameters, suggest, write_argument
from .table_files import read_csv, write_csv

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from .. import indicators
    from ..show.answers import Answer
    from ..show.judged import Judged
    from ..show.lesson import Example
    from ..show.seen import Seen

_SUBJECT = {"entity", "indicator", "limit", "as_of", "data"}
"""Parameters that say which series a table is of: tables that differ in one are never read together."""
_BESIDE = {"horizon_years", "shares", "families"}
"""Parameters in which they may differ; by hand that is said."""


@dataclass(frozen=True)
class SavedFigure:
    """A figure that has been written: shows its PNG in a notebook, with the alternative text in the metadata."""

    name: str
    alt: str
    png: bytes
    width: int

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/png": b64encode(self.png).decode(), "text/plain": f"{self.name}: {self.alt}"}
        return data, {"image/png": {"alt": self.alt, "width": self.width, "name": self.name}}


class Study:
    """Study: parameters, data, series and tables of a run for one notebook.

    The parameters are the variables that the ``parameters`` cell of ``notebooks/<notebook>.ipynb`` declares, and no
    others: a frame that a cell happens to call `shares` is none. A notebook that lies elsewhere has all variables with
    the names of parameters. The notebook's record begins afresh. A notebook that someone runs by hand never writes into
    the published run, but into ``outputs/lab/<run>/``, and says so.

    Parameters
    ----------
    notebook : str
        Name of the calling notebook, such as ``03_fit_curves``.
    reads : sequence of str
        Numbers of the notebooks whose tables it reads, such as ``["01", "05"]``: they run before it.

    Attributes
    ----------
    folder : Path
        The run's folder: where the notebook writes.
    notebook : str
    entry : dict
        What the notebook has read and written so far.
    parameters : Parameters
        The notebook's parameters, checked; those that it doesn't declare have their defaults.
    declared : tuple of str
        Names of the parameters that the notebook declares.
    data : Data
        The tables of data, as they were public on the date `as_of`.
    series : AdoptionSeries
        The series in question, with its limit.
    references : list of AdoptionSeries
        Comparison series for the forecast, without the technology of the series.
    limits : dict
        The limits that could be chosen, by title; see `Data.offer_limits`.
    names : Names
        Titles and units for figures and sentences.

    Raises
    ------
    ParameterError
        If the value of a parameter can't be used, or papermill set one that the notebook doesn't have: it passes
        anything on.
    RunError
        If the notebook's name has no number, the project's folder isn't found, or a file is where the folder should be;
        by hand, if the data are one's own and the parameters name no series of them.
    """

    def __init__(self, notebook: str, reads: Sequence[str] = ()):
        frame = inspect.currentframe()
        variables = frame.f_back.f_globals if frame and frame.f_back else {}
        if not re.fullmatch(r"\d{2}_\w+", notebook):
            raise RunError(f"Notebook name '{notebook}' must begin with its two-digit number, as in 03_fit_curves.")
        # Its parameters are the variables of these names that it declares.
        source = Path(os.environ.get(RUNNER) or find_root()) / "notebooks" / f"{notebook}.ipynb"
        declares = read_declared(source) if source.is_file() else variables
        given = {name: variables[name] for name in Parameters.model_fields if name in variables and name in declares}
        _refuse_unknown(notebook, declares, variables.get("In", []))
        checked = read_parameters(given)
        declared = tuple(name for name in given if name != "run")
        # By hand it writes into the lab, never into the published run.
        by_hand = not os.environ.get(RUNNER)
        folder = (find_lab() if by_hand else find_outputs()) / checked.run
        place = name_path(str(folder))
        if os.path.lexists(folder) and not folder.is_dir():
            raise RunError(f"The results would go to {place}, but that is a file. Give the run another name.")
        if by_hand:
            _refuse_other_series(checked, given)
            print(f"By hand: results go to {place}/.")
        if "limit" in given:  # as a run says it
            checked = checked.model_copy(update={"limit": complete_parameters(checked).limit})
        values = checked.model_dump(include=set(declared))
        self.folder, self.notebook, self.entry = folder, notebook, new_entry(values)
        write_entry(folder, notebook, self.entry)
        import pandas as pd  # which no command needs that finds nothing changed

        pd.set_option("display.precision", 3)  # of frames that a cell displays
        self.parameters, self.declared, self.reads = checked, declared, tuple(reads)
        self._published = find_outputs() / checked.run if by_hand else None
        self._told = set[str]()
        self._settled = {name: (value, notebook) for name, value in values.items()}

    @cached_property
    def data(self) -> indicators.Data:
        """Tables of the data, as they were public on `as_of`."""
        from .. import indicators

        return indicators.load(self.parameters.source, self.parameters.as_of)

    @cached_property
    def series(self) -> indicators.AdoptionSeries:
        """Series in question, with its limit. Of few values, why no forecast is quoted is displayed once."""
        from IPython.display import Markdown, display

        chosen = self.parameters
        series = self.data.series(chosen.entity, chosen.indicator, chosen.limit)
        if series.few:
            display(Markdown(f"**We quote no forecast, because {series.few}.**"))
        return series

    @cached_property
    def references(self) -> list[indicators.AdoptionSeries]:
        """Comparison series, without the technology of the series."""
        return self.data.references(exclude=self.series)

    @cached_property
    def limits(self) -> dict[str, Any]:
        """Limits that could be chosen, by title."""
        return self.data.offer_limits(self.series)

    @cached_property
    def most(self) -> float | None:
        """The highest of the limits that could be chosen, at its last date; None where none is known."""
        from ..base.limit import find_most

        return find_most(self.limits)

    @cached_property
    def explained(self) -> indicators.AdoptionSeries:
        """Series whose forecast notebook 5 explains: that in question; where it has no range, a reference."""
        from ..show import lesson

        found = lesson.explain_series(self.series, self.most, self.references)
        if found.full_title != self.series.full_title:
            day = f"{found.days[-1]:%Y-%m-%d}"
            print(f"This series has no range. The steps are those of {found.full_title}, as of {day}.")
        return found

    @property
    def window(self) -> pd.DataFrame:
        """Figures that the forecast of `explained` uses: date, year, t (years to the last), y, limit, x (y / limit)."""
        from ..show import lesson

        return lesson.frame_window(self.data, self.explained)

    @property
    def horizon(self) -> pd.DataFrame:
        """Dates ahead of `window`: date, h (years after the last figure), limit (as forecast), limit_sd."""
        from ..show import lesson

        return lesson.frame_horizon(self.explained, self.parameters.horizon_years)

    @property
    def finished(self) -> pd.DataFrame:
        """The figures of a comparison technology that has since nearly reached its limit, as `window`."""
        from ..show import lesson

        return lesson.frame_finished(self.data, self.references)

    @cached_property
    def names(self) -> indicators.Names:
        """Titles and units for figures and sentences."""
        from .. import indicators

        return indicators.name_series(self.data, self.series)

    @cached_property
    def own_source(self) -> str:
        """Publishers of the series without its limit."""
        from .. import indicators

        return indicators.cite_series(self.data, self.series, limit=False)

    def answer(self, result: Any) -> Answer:
        """What the run says of a forecast: its figure, the alternative text, its data, and tables 05, now kept."""
        from ..show.answers import answer

        found = answer(result, self.data, self.read_table("04_backtest"))
        for name, frame in found.tables.items():
            self.keep(name, frame)
        return found

    def example(self, references: Sequence[indicators.AdoptionSeries]) -> Example:
        """Forecast of one of the references as it would have been made at an earlier date, and the later figures."""
        from ..show.lesson import make_example

        return make_example(self.data, references)

    def judge(self, rows: Any, references: Sequence[indicators.AdoptionSeries]) -> Judged:
        """What the rows of a backtest of references say of the forecast: scores, coverage and figures."""
        from ..show.judged import Judged

        return Judged(rows, references, self.data)

    def look(self) -> Seen:
        """The series as it is seen: levels and growth, beside other technologies and other countries."""
        from ..show.seen import Seen

        return Seen(self.series, self.data, self.references, self.names)

    def keep(self, name: str, frame: Any, of: indicators.AdoptionSeries | None = None) -> None:
        """Write a frame to ``tables/<name>.csv``.

        Floats get ten significant digits, dates are ISO, lines end in LF; a named index becomes columns. A text that
        a spreadsheet would take for a formula gets an apostrophe before it, which `read_table` takes off again.

        Parameters
        ----------
        name : str
            Begins with the notebook's number, if it has one.
        frame : DataFrame
        of : AdoptionSeries, optional
            Series of its rows: entity and indicator become the first columns.

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
        path = f"tables/{name}.csv"
        self.entry["files"][path] = write_file(locate(self.folder, path), content, sync=False)
        self.entry["tables"][name] = {"rows": len(frame), "columns": columns}
        write_entry(self.folder, self.notebook, self.entry)

    def show(
        self,
        name: str,
        frame: Any,
        title: str,
        note: str = "",
        empty: str = "",
        of: indicators.AdoptionSeries | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Keep a frame as table `name`, as `keep` does, and display it; where it has no rows, say why.

        Parameters
        ----------
        name, frame : as for `keep`
        title, note : str
            As for `tables.show`.
        empty : str
            Text in Markdown that replaces a table without rows.
        of : as for `keep`
        columns : sequence of str, optional
            Those that are displayed; all are kept.
        """
        from IPython.display import Markdown, display

        from ..show import tables

        self.keep(name, frame, of)
        shown = frame if columns is None else frame[[*columns]]
        display(Markdown(empty) if empty and not len(frame) else tables.show(shown, title, note))

    def axes(self, height: float = 3.4) -> Axes:
        """Axes of a new figure of a page's width; the height is in inches. Give them to `draw` with their units."""
        from ..show.figures.style import open_chart

        return open_chart(height)[1]

    def draw(
        self, name: str, figure: Any, alt: str, data: Any = None, units: str = "", of: Any = None
    ) -> SavedFigure | None:
        """Write a figure to ``figures/<name>.png`` and ``.svg``; a `Chart` has a ``.narrow.svg`` for telephones too.

        Pages offer what is drawn as CSV: `data`, written to ``figures/<name>.data.csv``, or the table of this name.

        Parameters
        ----------
        name : str
            As for `keep`.
        figure : matplotlib Figure, an object that has one as ``.figure`` (Axes, a seaborn grid), or None
            None, where there is nothing to draw, writes nothing.
        alt : str
            Alternative text, for readers who can't see it.
        data : DataFrame, optional
            Data of the figure, if no table of its name has them.
        units : str
            Of `axes`: what is drawn, below the alternative text, which is their title. What has a label is in the key.
        of : DataFrame, optional
            Of `axes`: a frame of this study, such as `Study.window`, whose publishers are named below them.

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
        if units:
            figure.figure.close(alt, units, of.attrs["source"], figure.get_legend_handles_labels()[0])
        figure = figure.figure  # a figure's own is itself
        if not any(axes.has_data() for axes in figure.get_axes()):
            raise RunError(f"Figure {name} is empty: nothing is drawn in it.")
        images = dict(draw_images(figure, alt, narrow=True))
        files = images if data is None else images | {DATA: write_csv(name, data)[0]}
        for path, file in {f"figures/{name}.{kind}": file for kind, file in files.items()}.items():
            self.entry["files"][path] = write_file(locate(self.folder, path), file, sync=False)
        width = round(int.from_bytes(images["png"][16:20], "big") / DOTS_PER_INCH * 96)
        title = figure.around[0] if getattr(figure, "around", None) else alt
        self.entry["figures"][name] = {"title": title, "alt": alt, "width": width}
        write_entry(self.folder, self.notebook, self.entry)
        return SavedFigure(name, alt, images["png"], width)

    def _check_name(self, kind: str, name: str) -> None:
        number = self.notebook[:2]
        if not re.fullmatch(rf"{number}_[A-Za-z0-9_-]*", name):
            right = f"must begin with '{number}_', the number of notebook {self.notebook}"
            allowed = "and hold letters, digits, '-' and '_' only: each table and figure has one writer."
            raise RunError(f"The name of {kind} '{name}' {right}, {allowed}")

    def read_table(self, name: str) -> Any:
        """Table `name` of this run as a frame, with the types that it was written with.

        By hand it's the one made by hand with the same values of the parameters that the notebooks share, else the
        published run's, which is said.

        Raises
        ------
        RunError
            If its notebook isn't declared in `reads`, if no notebook of this run has written it, if it was changed
            since, or if it was made with another value of a parameter that this notebook or, of those that say which
            series it is, another table of it has. The message says what to do.
        """
        number, path = name[:2], f"tables/{name}.csv"
        if number not in (*self.reads, self.notebook[:2]):
            numbers = ", ".join(f'"{each}"' for each in sorted({*self.reads, number}))
            told = f"Notebook {self.notebook} reads table {name} and does not say so"
            raise RunError(f'{told}: write Study("{self.notebook}", reads=[{numbers}]).')
        written = [  # the one by hand first
            (folder, writer, entry)
            for folder in filter(None, (self.folder, self._published))
            for writer, entry in read_entries(folder).items()
            if name in entry["tables"] and locate(folder, path).is_file()
        ]
        if not written:
            raise RunError(
                f"Run '{self.folder.name}' has no table {name} yet. Notebook {number} writes it: run that notebook "
                f"first, or all of them with: adoption run {self.folder.name}"
            )
        differences = [self._describe_disagreement(name, writer, entry["parameters"]) for _, writer, entry in written]
        if all(differences):
            raise RunError(differences[0])
        folder, writer, entry = written[differences.index("")]
        if folder == self._published:
            print(f"Table {name} is read from the published run, {name_path(str(folder))}/.")
        theirs, digest = entry["parameters"], entry["files"].get(path)
        for key in _SUBJECT & theirs.keys() - self._settled.keys():  # other tables are of this series too
            self._settled[key] = theirs[key], writer
        others = [f"{key} = {value!r}" for key, value in theirs.items() if key in _BESIDE - {*self.declared}]
        if self._published and others and writer not in self._told:
            self._told.add(writer)
            print(f"Notebook {writer} was run with {', '.join(others)}.")
        if hash_file(locate(folder, path)) != digest:
            raise RunError(
                f"Table {name} was changed after notebook {writer} wrote it. Run that notebook again to restore it."
            )
        self.entry["read"][name] = digest
        write_entry(self.folder, self.notebook, self.entry)
        return read_csv(locate(folder, path), entry["tables"][name]["columns"])

    def _describe_disagreement(self, name: str, writer: str, theirs: Mapping[str, Any]) -> str:
        """Advice if table `name` was made with other values of parameters, with all of these; "" if it was not."""
        differs, wanted = list[str](), self.parameters.model_dump(include={*self.declared}, exclude_defaults=True)
        for key, (value, whose) in self._settled.items():
            if key in theirs and theirs[key] != value:
                who = "this notebook" if whose == self.notebook else f"notebook {whose}, whose table it has read,"
                differs.append(f"with {key} = {theirs[key]!r}, but {who} has {key} = {value!r}")
                wanted[key] = value
        if not differs:
            return ""
        given = " ".join(f"-p {key} {write_argument(value)}" for key, value in wanted.items())
        return (
            f"Table {name} was made by notebook {writer} {'; '.join(differs)}. Run that notebook with the same values "
            f'first, or make a run with them and write run = "NAME" here: adoption run NAME {given}'
        )


def _refuse_unknown(notebook: str, declares: Collection[str], cells: Sequence[str]) -> None:
    """Refuse parameters that papermill has set, in the cell that it writes, and that the notebook does not have.

    Raises
    ------
    ParameterError
    """
    for cell in cells:
        if not cell.startswith("# Parameters\n"):
            continue
        for name in re.findall(r"^(\w+) = ", cell, re.MULTILINE):
            if name not in declares:
                raise ParameterError(f"notebook {notebook} has no parameter '{name}'{suggest(name, declares)}")


def _refuse_other_series(parameters: Parameters, declared: Collection[str]) -> None:
    """Refuse own data of which the parameters name no series, where the project's would be studied in their place.

    A command names it by itself; papermill does not, and a person who changes a cell may not.

    Raises
    ------
    RunError
    """
    changed = parameters.model_dump(exclude_defaults=True)
    completed = complete_parameters(read_parameters(changed))
    names = [name for name in ("entity", "indicator") if name in declared]
    if any(getattr(completed, name) != getattr(parameters, name) for name in names):
        given = " ".join(f"-p {name} {write_argument(getattr(completed, name))}" for name in names)
        told = f"The parameters name another series than that of {parameters.data}"
        raise RunError(f"{told}. Write these in the cell of parameters, or for papermill: {given}")
