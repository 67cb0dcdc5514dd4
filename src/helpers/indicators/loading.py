"""Load a data folder or a file of series, and choose which of own data is studied."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from ..base.choices import split_choices
from ..base.project import find_data
from .checks import read_state, read_tables
from .data import Data, is_percentage, list_exact
from .own import read_series_file, set_beside
from .problems import list_names, parameter_error
from .series import AdoptionSeries
from .tables import find_kind


def load(path: str | Path = "data", as_of: str | date = "") -> Data:
    """Read, check and hold the tables of a data folder, or the series of a file.

    Beside own data (a file, or a folder without reference technologies) the project's own data stay available: their
    references, bounds and other countries, never their claims.

    Parameters
    ----------
    path : str or Path, default "data"
        Folder with observations.csv, indicators.csv, sources.csv and datapackage.json (and claims.csv, if there are
        claims), or any file with dates and figures (see ``own``), where ``x.csv?date=Year`` says how
        to read it; what does not exist here is looked up in the project's folder.
    as_of : str or date, default ""
        ISO date. Observations published later, and later breaks, do not exist for anything that uses the result.

    Returns
    -------
    Data

    Raises
    ------
    DataError
        With every problem of every table: file, row, column, value and what would be right.

    Examples
    --------
    >>> data = load()
    >>> users = data.series("China", "internet_users", bound="population_year_end")
    >>> users.unit, users.bound_title
    ('million persons', 'Population at the year-end')
    >>> f'{load(as_of="2020-06-30").series("China", "internet_users").values.index.max():%Y-%m}'
    '2020-03'
    """
    path, choices = split_choices(path)
    path = path if find_kind(path) else find_data(str(path))
    own = None if find_kind(path) == "file" else read_tables(path)
    if own is not None and choices:
        raise parameter_error("data", path.name, "is a folder; only a file can be read in one way or another")
    if own is not None and (own["indicators"]["role"] == "reference").any():
        return Data(**own, path=path, own=list_exact(own["observations"])).known_on(as_of)
    folder = find_data()
    project = read_tables(folder)
    understood: list[str] = []
    if own is None:
        own, understood = read_series_file(path, choices, project)
    project_data = Data(**project, path=folder, own=list_exact(project["observations"]))
    exact = list_exact(own["observations"])
    return Data(
        **set_beside(own, project), path=path, own=exact, project_data=project_data, understood=understood
    ).known_on(as_of)


def load_references() -> list[AdoptionSeries]:
    """The reference technologies of `load`, selected once, as long as the files of the data stay the same.

    Returns
    -------
    list of AdoptionSeries

    Raises
    ------
    DataError
        As `load`.
    """
    folders = Path("data").absolute(), find_data()
    return list(_select_references(folders, tuple(read_state(folder) for folder in folders)))


@lru_cache(maxsize=1)
def _select_references(folders: tuple[Path, ...], states: tuple[tuple[str, ...], ...]) -> tuple[AdoptionSeries, ...]:
    return tuple(load().references())


def choose_series(data: Data, given: Mapping[str, str], usual: Mapping[str, str]) -> dict[str, str]:
    """Choose what is not given: entity, indicator and bound of a series that the data themselves hold.

    What is usual is kept where ``data.path`` itself holds it. Otherwise the entity and the indicator are its only
    ones; an indicator that is the bound or a base population is none to study. The bound is 100 for percentages, and
    none for anything else.

    Parameters
    ----------
    data : Data
    given, usual : dict of str to str
        Values of the parameters entity, indicator and bound: those that were given, and the defaults of all three.

    Returns
    -------
    dict of str to str
        All three.

    Raises
    ------
    DataError
        Where the data hold several entities or indicators and none is given, or not the one that is.
    """
    roles = data.indicators.drop_duplicates("indicator").set_index("indicator")["role"].to_dict()
    pairs = [pair for pair in data.own if roles[pair[1]] != "base" or pair[1] == given.get("indicator")]
    pairs = [pair for pair in pairs if pair[1] != given.get("bound")] or pairs
    chosen: dict[str, str] = {}
    for place, name in enumerate(("entity", "indicator")):
        chosen[name] = _choose_one(data, name, {pair[place] for pair in pairs}, given, usual)
        pairs = [pair for pair in pairs if pair[place] == chosen[name]]
    bound = usual["bound"]
    if chosen["indicator"] in roles and (chosen["entity"], bound) not in data.own:
        bound = "100" if is_percentage(data.find_entry(chosen["indicator"])) else ""
    return {**chosen, "bound": given.get("bound", bound)}


def _choose_one(data: Data, name: str, held: set[str], given: Mapping[str, str], usual: Mapping[str, str]) -> str:
    if name in given and (given[name] in held or not data.project_data):
        return given[name]
    if name in given:
        listed = list_names(held) or "no exact figure"
        raise parameter_error(name, given[name], f"is not in {data.path.name}; it holds: {listed}")
    if usual[name] in held or not (held or data.project_data):
        return usual[name]
    if not held:
        raise parameter_error("data", data.path.name, "holds no exact figure, so there is nothing to study")
    if len(held) > 1:
        listed, option = list_names(held), f"-p {name} {shlex.quote(min(held))}"
        message = f"is not given, and {data.path.name} holds {len(held)}: {listed}; name one, as in {option}"
        raise parameter_error(name, "", message)
    return min(held)
