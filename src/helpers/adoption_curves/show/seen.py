"""A series as it is seen in notebook 2: its levels and growth, beside other technologies and other countries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure

from .. import forecast, indicators
from ..base.dates import decimal_years
from ..base.limit import find_most
from ..indicators import AdoptionSeries, Data, Names
from ..indicators.captions import list_earlier, list_levels, list_newer
from ..indicators.countries import pick_countries, say_missing
from .answers import count_later
from .figure_data import tidy_series
from .figures.course import NO_FORECAST, draw_forecast
from .figures.see_adoption import draw_alignment, draw_comparison, draw_growth


class Seen:
    """A series beside others.

    Parameters
    ----------
    series : AdoptionSeries
    data : Data
    references : sequence of AdoptionSeries
        Comparison technologies.
    names : Names

    Attributes
    ----------
    course, levels, earlier, newer : DataFrame
        The values with the limit by date; the exact ones with shares, and ``year`` with decimals; those before the
        last break; newer ones published as "more than" or "less than".
    shares : DataFrame
        As from `indicators.list_shares`, of this series, the references and the technologies held out.
    later : DataFrame
        As from `answers.count_later`.
    compared : DataFrame
        As from `indicators.compare_entities`.
    """

    def __init__(self, series: AdoptionSeries, data: Data, references: Sequence[AdoptionSeries], names: Names):
        self._series, self._data, self._names = series, data, names
        self.course = tidy_series(series)
        self.earlier, self.newer = list_earlier(series), list_newer(data, series)
        self.levels = list_levels(data, series)
        self.levels["year"] = decimal_years(self.levels["date"])
        others = [*references, *data.references(exclude=series, role="held_out")]
        self.shares = indicators.list_shares(series, others)
        self.later = count_later(series, references)

    @cached_property
    def compared(self) -> pd.DataFrame:
        """Newest values of other countries, by measure."""
        return indicators.compare_entities(self._data, self._series.technology)

    def draw_levels(self) -> Figure | None:
        """All values, below the limit; None where notebook 5 draws them with a prediction interval."""
        most = find_most(self._data.offer_limits(self._series))
        if forecast.forecast(self._series, most=most).has_range:
            return None
        source = indicators.cite_series(self._data, self._series)
        return draw_forecast(NO_FORECAST, NO_FORECAST, self._series, self._names, source)

    def draw_growth(self) -> Figure | None:
        """Changes between values."""
        source = indicators.cite_series(self._data, self._series, limit=False, newer=False)
        return draw_growth(self._series, self._names, source)

    def draw_alignment(self, aligned: pd.DataFrame, pace: pd.DataFrame) -> Figure | None:
        """Technologies since an equal share of their limits.

        Parameters
        ----------
        aligned, pace : DataFrame
            From `indicators.align_shares` and `indicators.rank_pace`.

        Returns
        -------
        Figure or None
            None where the series did not begin.
        """
        limit = getattr(self._series.limit, "name", "")
        drawn = pd.concat([aligned, pd.DataFrame({"entity": [self._series.entity], "indicator": [limit]})])
        return draw_alignment(aligned, pace, self._names, indicators.cite_sources(self._data, drawn, bases=True))

    def say_missing(self, countries: Sequence[str]) -> str:
        """Sentence on named countries without a value."""
        return say_missing(self.compared, self._series.technology, countries)

    def pick_countries(self, countries: Sequence[str]) -> pd.DataFrame:
        """Newest value of each named country, and the highest of a whole list, by measure."""
        return pick_countries(self.compared, self._series.entity, countries)

    def draw_countries(self, picked: pd.DataFrame) -> Figure | None:
        """Picked values, one panel a kind of measure."""
        source = indicators.cite_sources(self._data, picked)
        return draw_comparison(picked, self._series.technology, self._series.entity, source)
