"""Choose the series of own data where nobody has named it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from helpers.indicators.bounds import is_percentage
from helpers.indicators.problems import blame_parameter

if TYPE_CHECKING:
    from helpers.indicators.selection import Data


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
    chosen = {}
    for place, name in enumerate(("entity", "indicator")):
        chosen[name] = _choose_one(data, name, [pair[place] for pair in pairs], given, usual)
        pairs = [pair for pair in pairs if pair[place] == chosen[name]]
    return {**chosen, "bound": given.get("bound", _choose_bound(data, chosen, usual["bound"]))}


def _choose_one(data: Data, name: str, held: Iterable[str], given: Mapping[str, str], usual: Mapping[str, str]) -> str:
    held = sorted(set(held))
    if name in given and (given[name] in held or not data.project_data):
        return given[name]
    if name not in given and (usual[name] in held or not (held or data.project_data)):
        return usual[name]
    if name not in given and len(held) == 1:
        return held[0]
    listed = ", ".join(held[:12]) + (", ..." if len(held) > 12 else "")
    if name in given:
        message = f"is not in {data.path.name}; it holds: {listed or 'no exact figure'}"
        raise blame_parameter(name, given[name], message)
    if not held:
        raise blame_parameter("data", data.path.name, "holds no exact figure, so there is nothing to study")
    raise blame_parameter(name, "", f"is not given, and {data.path.name} holds {len(held)}: {listed}; name one")


def _choose_bound(data: Data, chosen: Mapping[str, str], usual: str) -> str:
    entry = data.find_entry(chosen["indicator"]) if chosen["indicator"] in set(data.indicators["indicator"]) else None
    if entry is None or (chosen["entity"], usual) in data.own:
        return usual
    return "100" if is_percentage(entry) else ""
