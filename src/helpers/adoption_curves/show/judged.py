"""What a backtest says of the forecast: its scores, coverage and charts, each computed when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure

from ..forecast import frames, scores
from ..indicators import AdoptionSeries, Data, cite_sources
from .figures.score_forecasts import draw_calibration, draw_sides, draw_skill


class Judged:
    """Scores of a backtest.

    Parameters
    ----------
    rows : DataFrame
        From `forecast.backtest`.
    references : sequence of AdoptionSeries
        Of which they are.
    data : Data

    Attributes
    ----------
    references : DataFrame
        Table 04_comparison_technologies; its ``attrs`` have the publishers of these and of their limits.
    source : str
        These publishers.
    evaluated : DataFrame
        Every range of every method beside the outcome, as from `scores.evaluate`.
    scores, skill, calibration, sides, by_technology, by_stage : DataFrame
        As the tables 04 of these names.
    """

    def __init__(self, rows: pd.DataFrame, references: Sequence[AdoptionSeries], data: Data):
        self._rows, self._data = rows, data
        self.references = frames.reference_frame(references)
        self.source = self.references.attrs["source"] = cite_sources(data, self.references, bases=True)
        self.evaluated = scores.evaluate(rows)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores by method, window and horizon."""
        return scores.score(self.evaluated)

    @cached_property
    def skill(self) -> pd.DataFrame:
        """The score of the forecast over each rival's, with intervals."""
        return scores.compare_methods(self.evaluated)

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """Claimed and actual coverage by horizon."""
        return scores.check_calibration(self._rows)

    @cached_property
    def sides(self) -> pd.DataFrame:
        """Outcomes below and above the ranges by horizon."""
        return scores.count_sides(self.evaluated)

    @property
    def by_technology(self) -> pd.DataFrame:
        """Scores by technology, window and horizon."""
        return scores.score(self.evaluated, ("method", "technology", "window", "horizon_years"))

    @property
    def by_stage(self) -> pd.DataFrame:
        """Scores by stage of adoption and horizon."""
        return scores.cover_by_stage(self.evaluated)

    def by_market(self, outside: Judged) -> pd.DataFrame:
        """How often ranges of shares of sales held by market, those of other references too."""
        return scores.cover_by_market(pd.concat([self.evaluated, outside.evaluated]), self._data.indicators)

    def draw_skill(self) -> Figure:
        """Scores of all methods against a straight line's by horizon."""
        return draw_skill(self.scores, self.source, self.skill)

    def draw_calibration(self) -> Figure:
        """Claimed against actual coverage, and the coverage of each technology."""
        pooled = scores.score(self.evaluated, by=("method", "technology"))
        return draw_calibration(self.calibration, pooled, self.source)

    def draw_sides(self) -> Figure:
        """Outcomes below and above the ranges by horizon."""
        return draw_sides(self.sides, self.source)
