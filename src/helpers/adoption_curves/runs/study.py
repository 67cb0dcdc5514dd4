"""Study of a notebook: its parameters, series and tables, and the folder for its own tables and figures."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd
from IPython import get_ipython
from IPython.display import Image, Markdown, display
from matplotlib.axes import Axes

from .. import forecast as forecasts
from .. import indicators
from ..base.files import hash_file, write_file
from ..base.limit import find_most
from ..base.project import RUNNER, RunError, find_outputs, relative_to_project
from ..indicators.countries import find_list
from ..indicators.labels import cite_publishers
from ..show import tables, tutorial
from ..show.figures import images
from ..show.figures.style import DOTS_PER_INCH, open_chart, use_style
from .manifest import DATA, locate, new_entry, read_entries, write_entry
from .parameters import FACTS, ParameterError, Parameters, complete_parameters, read_parameters, suggest, write_argument
from .table_files import read_csv, write_csv


class Study:
    """Study: parameters, data, series and tables of a run for one notebook.

    The notebook's record begins afresh. A notebook that someone runs by hand never writes into the published run, but
    into ``outputs/lab/<run>/``, another series than the default one into a folder of its own beside it, and says so.

    Parameters
    ----------
    notebook : str
        Name of the calling notebook, such as ``03_fit_curves``.
    run : str
        Name of the run, a parameter of every notebook.
    reads : sequence of str
        Numbers of the notebooks whose tables it reads, such as ``["01", "05"]``: they run before it.
    **parameters
        The other parameters of the notebook by name, such as ``entity=entity``; `Parameters` has their names.

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
        Names of the parameters that the notebook has.
    data : Data
        The tables of data, as they were public on the date `as_of`.
    series : AdoptionSeries
        The series in question, with its limit.
    references : list of AdoptionSeries
        Comparison series for the forecast, without the technology of the series.
    names : Names
        Titles and units for charts and sentences.

    Raises
    ------
    ParameterError
        If there is no such parameter, its value can't be used, or papermill set one that the notebook doesn't have:
        it passes anything on.
    RunError
        If the notebook's name has no number, the project's folder isn't found, or a file is where the folder should be;
        by hand, if the data are one's own and the parameters name no series of them.
    """

    def __init__(self, notebook: str, *, run: str, reads: Sequence[str] = (), **parameters: Any):
        if not re.fullmatch(r"\d{2}_\w+", notebook):
            raise RunError(f"Notebook name '{notebook}' must begin with its two-digit number, as in 03_fit_curves.")
        shell = get_ipython()
        _raise_for_injected(notebook, {"run", *parameters}, shell.user_ns.get("In", []) if shell else [])
        declared = tuple(parameters)
        checked = read_parameters({"run": run, **{name: parameters[name] for name in declared if name not in FACTS}})
        # By hand it writes into the lab, never into the published run.
        outputs, by_hand = find_outputs(), not os.environ.get(RUNNER)
        folders = [outputs / "lab" / checked.run, outputs / checked.run] if by_hand else [outputs / checked.run]
        if by_hand and checked.model_dump(include={"entity", "indicator"}, exclude_defaults=True):
            series = re.sub(r"\W+", "-", f"{checked.run}-{checked.entity}-{checked.indicator}".lower())
            folders.insert(0, outputs / "lab" / series)
        folder = folders[0]
        place = relative_to_project(str(folder))
        if os.path.lexists(folder) and not folder.is_dir():
            raise RunError(f"The results would go to {place}, but that is a file. Give the run another name.")
        if by_hand:
            _raise_for_other_series(checked, declared)
            print(f"By hand: results go to {place}/.")
        if "limit" in declared:  # as a run says it
            checked = checked.model_copy(update={"limit": complete_parameters(checked).limit})
        values = checked.model_dump(include=set(declared))
        self.folder, self.notebook, self.entry = folder, notebook, new_entry(values)
        write_entry(folder, notebook, self.entry)
        pd.set_option("display.precision", 3)  # of frames that a cell displays
        use_style()
        self.parameters, self.declared, self.reads = checked, declared, tuple(reads)
        self._folders = folders

    @cached_property
    def data(self) -> indicators.Data:
        """Tables of the data, as they were public on `as_of`."""
        return indicators.load(self.parameters.source, self.parameters.as_of)

    @cached_property
    def series(self) -> indicators.AdoptionSeries:
        """Series in question, with its limit. If it has too few values to quote a forecast, a message says why."""
        chosen = self.parameters
        series = self.data.series(chosen.entity, chosen.indicator, chosen.limit, chosen.since)
        if series.few:
            display(Markdown(f"**We quote no forecast, because {series.few}.**"))
        return series

    @cached_property
    def references(self) -> list[indicators.AdoptionSeries]:
        """Series of the comparison technologies, without that of the series in question."""
        return self.data.references(exclude=self.series)

    @cached_property
    def across(self) -> str:
        """Indicator whose countries and regions are compared, see `adoption_curves.indicators.countries.find_list`.

        Raises
        ------
        RunError
            Where there is none.
        """
        entry = self.data.find_entry(self.parameters.indicator)
        name, reason = find_list(self.data, entry.technology, self.parameters.across)
        if reason:
            raise RunError(f"Notebook {self.notebook} does not apply: {reason}.")
        return name

    @cached_property
    def most(self) -> float | None:
        """The highest of the limits that could be chosen, at its last date; None where none is known."""
        return find_most(self.data.offer_limits(self.series))

    @cached_property
    def forecast(self) -> forecasts.Forecast:
        """Forecast of the series in question, with the parameters of the notebook."""
        names = {"horizon_years", "until", "levels", "shares"}
        return forecasts.forecast(self.series, most=self.most, **self.parameters.model_dump(include=names))

    @cached_property
    def _explained(self) -> forecasts.Forecast:
        """Forecast that notebook 5 explains: that in question; where it has no interval, that of a reference."""
        result = tutorial.explain_forecast(self.forecast, self.references, self.parameters.horizon_years)
        if result is not self.forecast:
            title, day = result.printed.full_title, f"{result.origin:%Y-%m-%d}"
            print(f"This forecast has no prediction interval. The steps are those of {title}, as of {day}.")
        return result

    @property
    def window(self) -> pd.DataFrame:
        """Values that a forecast uses: date, year, t (years to the last), y, limit, x (y / limit), assumed.

        The values are those of the series in question or, if it has no prediction interval, of a comparison technology;
        a message then says which.
        """
        return tutorial.frame_window(self.data, self._explained)

    @property
    def horizon(self) -> pd.DataFrame:
        """Dates ahead of `window`: date, h (years after the last value), limit, limit_sd, most, quantiles.

        See `adoption_curves.show.tutorial.frame_horizon`.
        """
        return tutorial.frame_horizon(self._explained)

    @cached_property
    def names(self) -> indicators.Names:
        """Titles and units for charts and sentences."""
        return indicators.find_labels(self.data, self.series)

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
        self.keep(name, frame, of)
        shown = frame if columns is None else frame[[*columns]]
        display(Markdown(empty) if empty and not len(frame) else tables.show(shown, title, note))

    def axes(self, height: float = 3.4) -> Axes:
        """Axes of a new figure of a page's width; the height is in inches. Give them to `draw` with their units."""
        axis = open_chart(height)[1]
        axis.yaxis.isDefault_majloc = axis.yaxis.isDefault_majfmt = True  # names of rows may replace its numbers
        return axis

    def draw(self, name: str, figure: Any, alt: str, data: Any = None, units: str = "", of: Any = None) -> Image | None:
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
        of : DataFrame or AdoptionSeries, optional
            Of `axes`: what is drawn, whose publishers are named below them; a frame of this study, such as
            `Study.window`, or one with a column `publisher`, or with entity and indicator, whose limits count too.

        Returns
        -------
        IPython.display.Image or None
            As the last value of a cell it is displayed, with the alternative text and the name in its metadata.

        Raises
        ------
        RunError
            If the name isn't the notebook's, there is no alternative text, or nothing is drawn.
        """
        if figure is None:
            return None
        self._check_name("figure", name)
        if not alt.strip():
            raise RunError(f"Figure {name} needs an alternative text: what does it show?")
        if units:
            figure.figure.close(alt, units, self._cite(of), _take_key(figure))
        figure = figure.figure  # a figure's own is itself
        if not any(axes.has_data() for axes in figure.get_axes()):
            raise RunError(f"Figure {name} is empty: nothing is drawn in it.")
        drawings = dict(images.draw_images(figure, alt, narrow=True))
        files = drawings if data is None else drawings | {DATA: write_csv(name, data)[0]}
        for path, file in {f"figures/{name}.{kind}": file for kind, file in files.items()}.items():
            self.entry["files"][path] = write_file(locate(self.folder, path), file, sync=False)
        width = round(int.from_bytes(drawings["png"][16:20], "big") / DOTS_PER_INCH * 96)
        title = figure.around[0] if getattr(figure, "around", None) else alt
        self.entry["figures"][name] = {"title": title, "alt": alt, "width": width}
        write_entry(self.folder, self.notebook, self.entry)
        return Image(drawings["png"], width=width, alt=alt, metadata={"name": name})

    def _cite(self, of: Any) -> str:
        """The publishers of a series, or of what a frame holds."""
        if isinstance(of, indicators.AdoptionSeries):
            return indicators.cite_series(self.data, of, newer=False)
        if "publisher" in of:
            return cite_publishers(of["publisher"])
        return of.attrs.get("source") or indicators.cite_sources(self.data, of, bases=True)

    def _check_name(self, kind: str, name: str) -> None:
        number = self.notebook[:2]
        if not re.fullmatch(rf"{number}_[A-Za-z0-9_-]*", name):
            right = f"must begin with '{number}_', the number of notebook {self.notebook}"
            allowed = "and hold letters, digits, '-' and '_' only: each table and figure has one writer."
            raise RunError(f"The name of {kind} '{name}' {right}, {allowed}")

    def read_table(self, name: str) -> Any:
        """Table `name` of this run as a frame, with the types that it was written with.

        By hand it's the one made by hand with the same values of the parameters that both notebooks have, in the folder
        of the series or else in that of the run; otherwise the published run's. Another folder is said.

        Raises
        ------
        RunError
            If its notebook isn't declared in `reads`, if no notebook of this run has written it, if it was changed
            since, or if it was made with another value of a parameter that this notebook has. The message says what to
            do.
        """
        number, path = name[:2], f"tables/{name}.csv"
        if number not in (*self.reads, self.notebook[:2]):
            numbers = ", ".join(f'"{each}"' for each in sorted({*self.reads, number}))
            message = f"Notebook {self.notebook} reads table {name} and does not say so"
            raise RunError(f'{message}: write Study("{self.notebook}", reads=[{numbers}]).')
        written = [  # the one by hand first
            (folder, writer, entry)
            for folder in self._folders
            for writer, entry in read_entries(folder).items()
            if name in entry["tables"] and locate(folder, path).is_file()
        ]
        if not written:
            raise RunError(
                f"Run '{self.parameters.run}' has no table {name} yet. Notebook {number} writes it: run that notebook "
                f"first, or all of them with: adoption run {self.parameters.run}"
            )
        differences = [self._describe_disagreement(name, writer, entry["parameters"]) for _, writer, entry in written]
        if all(differences):
            raise RunError(differences[0])
        folder, writer, entry = written[differences.index("")]
        if folder != self.folder:
            print(f"Table {name} is read from {relative_to_project(str(folder))}/.")
        if hash_file(locate(folder, path)) != entry["files"].get(path):
            raise RunError(
                f"Table {name} was changed after notebook {writer} wrote it. Run that notebook again to restore it."
            )
        return read_csv(locate(folder, path), entry["tables"][name]["columns"])

    def _describe_disagreement(self, name: str, writer: str, theirs: Mapping[str, Any]) -> str:
        """Advice if table `name` was made with other values of parameters, with all of these; "" if it was not."""
        differs, wanted = list[str](), self.parameters.model_dump(include={*self.declared}, exclude_defaults=True)
        for key, value in self.entry["parameters"].items():
            if key in theirs and theirs[key] != value:
                differs.append(f"with {key} = {theirs[key]!r}, but this notebook has {key} = {value!r}")
                wanted[key] = value
        if not differs:
            return ""
        options = " ".join(f"-p {key} {write_argument(value)}" for key, value in wanted.items())
        return (
            f"Table {name} was made by notebook {writer} {'; '.join(differs)}. Run that notebook with the same values "
            f'first, or make a run with them and write run = "NAME" here: adoption run NAME {options}'
        )


def _take_key(axes: Axes) -> list[Any]:
    """The key of axes: of the legend that seaborn has drawn, which goes, or what has a label."""
    legend = axes.get_legend()
    if legend is None:
        return axes.get_legend_handles_labels()[0]
    handles = legend.legend_handles
    for handle, text in zip(handles, legend.get_texts(), strict=True):
        handle.set_label(text.get_text())
    legend.remove()
    return handles


def _raise_for_injected(notebook: str, parameters: Collection[str], cells: Sequence[str]) -> None:
    """Refuse parameters that papermill has set, in the cell that it writes, and that the notebook does not have.

    Raises
    ------
    ParameterError
    """
    for cell in cells:
        if not cell.startswith("# Parameters\n"):
            continue
        for name in re.findall(r"^(\w+) = ", cell, re.MULTILINE):
            if name not in parameters:
                raise ParameterError(f"notebook {notebook} has no parameter '{name}'{suggest(name, parameters)}")


def _raise_for_other_series(parameters: Parameters, declared: Collection[str]) -> None:
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
        options = " ".join(f"-p {name} {write_argument(getattr(completed, name))}" for name in names)
        message = f"The parameters name another series than that of {parameters.data}"
        raise RunError(f"{message}. Write these in the cell of parameters, or for papermill: {options}")
