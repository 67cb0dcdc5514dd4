"""Open the explorer with the parameters of a run, and save what is chosen as such."""

from __future__ import annotations

from typing import Any

from ..show.explore import Explorer, Selection
from .lab import save_choice
from .parameters import read_parameters


def show(
    entity: str,
    indicator: str,
    bound: str = "internet_users",
    as_of: str = "",
    families: tuple[str, ...] | list[str] = ("logistic",),
    horizon_years: float = 5,
    data: Any = "data",
) -> Any:
    """Return the explorer, sliders and figure, and on demand a second series beside it, for a person in JupyterLab.

    Parameters
    ----------
    entity, indicator, bound, as_of : as the parameters of a run
    families : sequence of str
        The first one is shown first.
    horizon_years, data : as the parameters of a run

    Returns
    -------
    Panels

    Raises
    ------
    ParameterError, DataError
        For a value that a run would refuse too.
    """
    from ..show.explore_panel import Panels

    given = {"entity": entity, "indicator": indicator, "bound": bound, "as_of": as_of, "families": list(families)}
    checked = read_parameters(given | {"horizon_years": horizon_years, "data": str(data)})
    explorer = Explorer(checked.data, checked.bound)
    explorer.select(entity, indicator, as_of)  # for its error, before anything is shown
    selection = Selection(entity, indicator, checked.families[0], as_of=as_of, horizon_years=checked.horizon_years)
    return Panels(explorer, selection, save_choice)
