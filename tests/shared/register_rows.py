"""Rows of the register, made by hand."""

import pandas as pd

from adoption_curves.base.levels import RECORDED
from adoption_curves.base.project import PUBLISHED_MODEL
from adoption_curves.forecast.register import COLUMNS

MODEL, LEVELS = PUBLISHED_MODEL, (0.1, 0.5, 0.9)


def enter(day, values=(500.0, 600.0, 700.0), registered="2026-01-01", model=MODEL, unit="million people", **others):
    """Rows of a forecast of China's users, from the figure of June 2025, at three levels."""
    row = {"model": model, "version": "1.0.0", "registered": registered, "entity": "China", "indicator": "genai_users"}
    row |= {
        "limit": "none",
        "since": "",
        "unit": unit,
        "last_date": "2025-06-30",
        "last_figure": 515.0,
        "target_date": day,
    } | others
    frame = pd.DataFrame([row | {"level": level, "value": value} for level, value in zip(LEVELS, values, strict=True)])
    return frame.astype(dict.fromkeys(("registered", "last_date", "target_date"), "datetime64[us]"))[COLUMNS]


def tabulate(result):
    """The table ``05_quantiles`` of a forecast."""
    return pd.DataFrame(result.at(result.years, RECORDED), result.dates, list(RECORDED))
