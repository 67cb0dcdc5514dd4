"""Plain shapes of a series, and series of which later values are altered."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import yaml


def shapes():
    """Name and yearly shares (percent, ending in 2025) of plain shapes: each has its sentences, or is refused."""
    courses = yaml.safe_load((Path(__file__).parents[1] / "reference" / "shapes.yaml").read_text(encoding="utf-8"))
    for name, values in courses.items():
        index = pd.to_datetime([f"{2026 - len(values) + i}-12-31" for i in range(len(values))])
        yield name, pd.Series(values, index=index, dtype=float)


def disturb(series, date, factor):
    """The series with every later figure, and later figures of its limit, multiplied by a factor."""
    figures, limits = (
        values.where(values.index <= date, factor * values) for values in (series.values, series.limit.values)
    )
    return replace(series, values=figures, limit=replace(series.limit, values=limits))
