"""The explorer with the parameters of a run."""

from __future__ import annotations

from typing import Any

from IPython.display import display

from .parameters import read_parameters


def show(entity: str, indicator: str, source: Any = "data", **given: Any) -> None:
    """Show the explorer: controls and figure at once, then the verdict and the forecast.

    Parameters
    ----------
    entity, indicator : str
    source : path
        As the parameter ``data`` of a run.
    **given
        bound, as_of, families and horizon_years, as the parameters of a run. The first of the families is drawn.

    Raises
    ------
    ParameterError, DataError
        For a value that a run would refuse too.
    """
    from ..indicators import load
    from ..show.explore import Explorer
    from .check_run import check_parameters

    run = read_parameters({"entity": entity, "indicator": indicator, "data": str(source), **given})
    check_parameters(run)
    data, years = load(str(run.source)), round(run.horizon_years)
    explorer = Explorer(data, (entity, indicator), run.bound, run.families[0], run.as_of, years)
    display(explorer)  # before anything is computed
    explorer.update()
