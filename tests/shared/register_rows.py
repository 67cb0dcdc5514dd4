"""Rows of the record of forecasts, made by hand."""

from datetime import date

import pandas as pd

from adoption_curves.base.levels import RECORDED
from adoption_curves.base.project import PUBLISHED_MODEL
from adoption_curves.forecast.registered import hub

TODAY, MODEL = date(2026, 11, 26), PUBLISHED_MODEL


def enter(day, values=(500.0, 600.0, 700.0), published="2026-01-01", model=MODEL, unit="million people"):
    rows = [(model, published, published, "China", "genai_users", "none", day, "quantile", level, value, unit)
            for level, value in zip((0.1, 0.5, 0.9), values, strict=True)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=hub.HUB_COLUMNS)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in hub._DAYS})


def tabulate(result):
    """The table ``05_record`` of a forecast."""
    return pd.DataFrame(result.at(result.years, RECORDED), result.dates, list(RECORDED))
