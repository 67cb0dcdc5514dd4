"""What a notebook sees of a run: its parameters, its series, and where its tables and figures go."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from .. import indicators
from ..base.files import hash_file
from ..base.project import RunError, find_data, find_lab, find_outputs, find_root, name_path
from .notebook import RUNNER, locate, read_csv, read_records, write_argument
from .output import Output
from .parameters import Parameters, read_parameters
from .sequence import read_declared


class Study(Output):
    """One notebook's view of its run.

    The parameters are the variables that the ``parameters`` cell of ``notebooks/<notebook>.ipynb`` declares, and no
    others: a frame that a cell happens to call `shares` is none. A notebook that lies elsewhere has all variables with
    the names of parameters. The notebook's record begins afresh. A notebook that someone runs by hand never writes into
    the published run, but into ``outputs/lab/<run>/``, and says so.

    Parameters
    ----------
    notebook : str
        Name of the calling notebook, such as ``03_fit_curves``.

    Attributes
    ----------
    folder : Path
        The run's folder: where the notebook writes.
    notebook : str
    parameters : Parameters
        The notebook's parameters, checked; those that it doesn't declare have their defaults.
    declared : tuple of str
        Names of the parameters that the notebook declares.
    data : Data
        The tables of data, as they were public on the date `as_of`.
    series : AdoptionSeries
        The series in question, with its bound.
    references : list of AdoptionSeries
        What the forecast learns from, without the technology of the series.
    bounds : dict
        The bounds that could be chosen, by title; see `Data.offer_bounds`.
    names : dict
        Titles and units for figures and sentences; see `indicators.name_series`.
    source : str
        Who published the series and its bound.

    Raises
    ------
    ParameterError
        If the value of a parameter can't be used: plain papermill passes anything on.
    RunError
        If the notebook's name has no number, the project's folder isn't found, or a file is where the folder should be.
    """

    def __init__(self, notebook: str):
        frame = inspect.currentframe()
        variables = frame.f_back.f_globals if frame and frame.f_back else {}
        if not re.fullmatch(r"\d{2}_\w+", notebook):
            raise RunError(f"Notebook name '{notebook}' must begin with its two-digit number, as in 03_fit_curves.")
        source = find_root() / "notebooks" / f"{notebook}.ipynb"
        declares = read_declared(source) if source.is_file() else variables
        given = {name: variables[name] for name in Parameters.model_fields if name in variables and name in declares}
        checked = read_parameters(given)
        declared = tuple(name for name in given if name != "run")
        published = find_outputs() / checked.run
        by_hand, number = not os.environ.get(RUNNER), notebook[:2]
        folder = find_lab() / checked.run if by_hand else published
        rule = (
            f"must begin with '{number}_', the number of notebook {notebook}, and hold letters, digits, '-' and '_' "
            "only: each table and figure has one writer."
        )
        given = checked.model_dump(include=set(declared))
        super().__init__(notebook, folder, given, rf"{number}_[A-Za-z0-9_-]*", rule)
        self.parameters, self.declared = checked, declared
        self._published = published if by_hand else None

    @cached_property
    def data(self) -> indicators.Data:
        """See `Study`."""
        return indicators.load(find_data(self.parameters.data), self.parameters.as_of)

    @cached_property
    def series(self) -> indicators.AdoptionSeries:
        """See `Study`."""
        chosen = self.parameters
        return self.data.series(chosen.entity, chosen.indicator, chosen.bound)

    @cached_property
    def references(self) -> list[indicators.AdoptionSeries]:
        """See `Study`."""
        return self.data.references(exclude=self.series)

    @cached_property
    def bounds(self) -> dict[str, Any]:
        """See `Study`."""
        return self.data.offer_bounds(self.series)

    @cached_property
    def names(self) -> dict[str, Any]:
        """See `Study`."""
        return indicators.name_series(self.data, self.series)

    @cached_property
    def source(self) -> str:
        """See `Study`."""
        return indicators.cite_series(self.data, self.series)

    def say_from_others(self, points: int | None = None) -> None:
        """Display what must be read before all else of one figure or two; its page has it below the title.

        Parameters
        ----------
        points : int, optional
            How many figures there are; by default those of the series.
        """
        from IPython.display import Markdown, display

        from ..say.facts import say_from_others
        from .checks import count_figures

        if said := say_from_others(count_figures(self.series) if points is None else points):
            display(Markdown(f"**{said}**"), metadata={"first": True})

    def read_table(self, name: str) -> Any:
        """Table `name` of this run as a frame, with the types that it was written with.

        By hand it's the one made by hand with the same values of the parameters that the notebooks share, else the
        published run's, which is said.

        Raises
        ------
        RunError
            If no notebook of this run has written it, if it was changed since, or if it was made with another value
            of a parameter that this notebook shares. The message says what to do.
        """
        problem = (
            f"Run '{self.folder.name}' has no table {name} yet. {_name_writer(name)} writes it: run that notebook "
            f"first, or all of them with: adoption run {self.folder.name}"
        )
        disagreement = ""
        for folder in filter(None, (self.folder, self._published)):
            path = locate(folder, f"tables/{name}.csv")
            written = ((writer, record) for writer, record in read_records(folder).items() if name in record["tables"])
            writer, record = next(written, ("", None))
            if record is None or not path.is_file():
                continue
            differs = self._describe_disagreement(name, writer, record["parameters"])
            if not differs:
                break
            disagreement = disagreement or differs
        else:
            raise RunError(disagreement or problem)
        if folder == self._published:
            print(f"Table {name} is read from the published run, {name_path(str(folder))}/.")
        entry = record["tables"][name]
        if hash_file(path) != entry["sha256"]:
            raise RunError(
                f"Table {name} was changed after notebook {writer} wrote it. Run that notebook again to restore it."
            )
        self._note("read", name, entry["sha256"])
        return read_csv(path, entry["columns"])

    def _describe_disagreement(self, name: str, writer: str, theirs: Mapping[str, Any]) -> str:
        """What to do where table `name` was made with another value of a parameter; "" where it wasn't."""
        ours = self.parameters.model_dump()
        for key in self.declared:
            if key in theirs and theirs[key] != ours[key]:
                return (
                    f"Table {name} was made by notebook {writer} with {key} = {theirs[key]!r}, but this notebook has "
                    f"{key} = {ours[key]!r}. Run that notebook with the same value first, or make the run again with "
                    f"it: adoption run {self.folder.name} -p {key} {write_argument(ours[key])}"
                )
        return ""


def _name_writer(table: str) -> str:
    number = table.split("_", maxsplit=1)[0]
    found = sorted((find_root() / "notebooks").glob(f"{number}_*.ipynb"))
    return f"Notebook {found[0].stem}" if found else f"The notebook with number {number}"
