"""Forecasts of many series at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import indicators
from ..base.wording import say_count
from ..curves.many import map_parts
from ..indicators.series import AdoptionSeries
from .forecasting import forecast_target
from .lessons import References, recall
from .result import Forecast
from .targets import Panel, is_adopted, name_series, read_panel, read_target
from .windows import SHORTEST

if TYPE_CHECKING:
    from distributed import Client
    from matplotlib.figure import Figure

BLOCK = 16
"""Series that go to a worker at once."""


class Forecasts(dict[str, Forecast]):
    """Forecasts by the names of their series; `problems` says of which there is none, and why.

    Made by `forecast_many`.
    """

    def __init__(self, forecasts: Mapping[str, Forecast], problems: Mapping[str, str], learnt_from: str) -> None:
        super().__init__(forecasts)
        self.problems, self.learnt_from = dict(problems), learnt_from

    def frame(self) -> pd.DataFrame:
        """The forecasts of their method below each other.

        Returns
        -------
        DataFrame
            A row per series and date: series, then the columns of `Forecast.frame`.
        """
        return self._join({name: each.method_frame(each.method) for name, each in self.items()})

    def milestones(self) -> pd.DataFrame:
        """The milestones of all: series, then the columns of `Forecast.milestones`."""
        return self._join({name: each.milestones() for name, each in self.items()})

    @staticmethod
    def _join(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        parts = [frame.assign(series=name) for name, frame in frames.items() if len(frame)]
        if not parts:
            return pd.DataFrame(columns=["series"])
        joined = pd.concat(parts, ignore_index=True)
        return joined[["series", *joined.columns.drop(["series", "entity", "indicator"])]]

    def plot(self, columns: int = 4) -> Figure:
        """Draw all fans, small and side by side.

        Parameters
        ----------
        columns : int

        Returns
        -------
        matplotlib Figure
        """
        from ..show import figures

        return figures.draw_fans(self, columns, self.learnt_from)

    def __repr__(self) -> str:
        missing = f"; none for {', '.join(self.problems)}" if self.problems else ""
        return f"<Forecasts of {say_count(len(self), 'series', 'series')}, {self.learnt_from}{missing}>"


def forecast_many(
    panel: Panel,
    bound: Any = None,
    references: Panel | None = None,
    residuals: pd.DataFrame | None = None,
    client: Client | None = None,
    **settings: Any,
) -> Forecasts:
    """Forecast every series of a panel.

    What the forecasts learn comes from the project's references, or from the panel itself where it stands as
    `references` too: then each series is forecast by what all the others teach. Their errors are those of `backtest`,
    in which each of them was itself forecast by what all its others teach.

    Parameters
    ----------
    panel, bound : as for `read_panel`
    references : panel, optional
        With the bounds `bound` where these are no AdoptionSeries. By default those of the project's data folder.
    residuals : DataFrame, optional
        From `backtest` on the references; by default it is theirs, computed once.
    client : dask.distributed.Client, optional
        Its workers take some series each, with the same results.
    **settings
        horizon_years, levels, shares, method as for `forecast`.

    Returns
    -------
    Forecasts
        A dict of `Forecast` by name, with `frame`, `milestones` and `plot`. A series that carries none is in
        ``problems``.

    Raises
    ------
    ValueError
        When the panel or the references are none, or nothing can be learnt from these.

    Examples
    --------
    >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2018, 2026)])
    >>> frame = pd.DataFrame({"north": [3, 6, 11, 19, 30, 42, 53, 61], "south": [1, 2, 4, 8, 15, 25, 38, 50]}, dates)
    >>> result = forecast_many(frame, bound=100, horizon_years=1)
    >>> result
    <Forecasts of 2 series, learnt from 31 earlier technologies>
    >>> result["north"].quantiles[0.5].round().tolist()
    [68.0]
    """
    series, names = read_panel(panel, bound), list(name_series(panel))
    taught = indicators.load_references()
    if references is not None:
        taught = read_panel(references, None if is_adopted(references) else bound)
    school = recall(taught) if residuals is None else References(taught, residuals)
    for bounded, figures in {(each.bound is not None, int((each.values > 0).sum())) for each in series}:
        if figures >= (1 if bounded else SHORTEST):
            school.residuals(bounded, client, figures)  # here, and not by each worker
    blocks = [series[start : start + BLOCK] for start in range(0, len(series), BLOCK)]
    blocks_of_results = list(map_parts(_forecast_block, [(block, school, settings) for block in blocks], client))
    results = dict(zip(names, (each for block in blocks_of_results for each in block), strict=True))
    problems = {name: each for name, each in results.items() if isinstance(each, str)}
    if len(problems) == len(results) and len(set(problems.values())) == 1:
        raise ValueError(next(iter(problems.values())))
    number = len({each.technology for each in taught})
    learnt = f"learnt from {say_count(number, 'earlier technology', 'earlier technologies')}"
    if {each.technology for each in series} & {each.technology for each in taught}:
        learnt = f"learnt from {number} series, each left out for its own"
    return Forecasts({name: each for name, each in results.items() if isinstance(each, Forecast)}, problems, learnt)


def _forecast_block(
    series: Sequence[AdoptionSeries], references: References, settings: dict[str, Any]
) -> list[Forecast | str]:
    """The forecast of each series, with its curves fitted; or why there is none."""
    results: list[Forecast | str] = []
    for each in series:
        try:
            result = forecast_target(read_target(each), references, **settings)
            _ = result.quantiles
            results.append(result)
        except ValueError as error:
            results.append(str(error))
    return results
