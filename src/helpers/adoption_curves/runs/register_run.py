"""Registration of a run's forecast: `forecast.register` with the run's parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..base.project import PACKAGED, RunError, UserError, find_register
from ..base.words import NO_FORECAST
from .record import find_changed, locate, read_run
from .table_files import read_rows

TABLE = "05_forecast"
"""Table of a run's forecast."""
EQUAL = 1e-6
"""Part by which the forecast made again may miss the run's."""


def register_run(
    folder: Path, dates: Sequence[str] = (), hub: Path | None = None, today: date | None = None
) -> list[Path]:
    """Put the forecast of the run in `folder` on record, and both baselines beside it.

    Parameters
    ----------
    folder : Path
    dates : sequence of str
        As for `forecast.register.enter`.
    hub : Path, optional
        By default ``forecasts/`` beside the run's data.
    today : date, optional
        The day on which it goes on record.

    Returns
    -------
    list of Path
        The files that are new or longer. The round is the run's ``as_of``, or today where that is not set.

    Raises
    ------
    RunError
        When the run isn't as its record says, its forecast is not what the same parameters give now, or as
        `forecast.register` has it.
    """
    from .. import indicators
    from ..forecast import register

    content, today = read_run(folder), today or datetime.now().astimezone().date()
    parameters, path = content["parameters"], locate(folder, f"tables/{TABLE}.csv")
    changed = find_changed(folder, content)
    if changed or not path.is_file():
        what = f"{next(iter(changed))} is {next(iter(changed.values()))}" if changed else f"{TABLE}.csv is missing"
        raise RunError(f"Run '{folder.name}' is not as it was made: {what}. Make it again, and register it then.")
    data = indicators.load(parameters["data"], parameters["as_of"])
    place = find_register(data.path) if hub is None else hub
    _refuse_packaged(place)
    rows = read_rows(path)
    if not rows:
        raise RunError(f"Run '{folder.name}' cannot be registered: {NO_FORECAST}.")
    if rows[0]["basis"] in ("refuted", "counted"):
        raise RunError(f"Run '{folder.name}' gives no forecast that could go on record.")
    series = data.series(parameters["entity"], parameters["indicator"], parameters["bound"])
    made = register.forecast_series(data, series, horizon_years=parameters["horizon_years"])
    if not _agree(made.frame(), rows):
        told = "the data or the method have changed since it was made"
        raise RunError(
            f"The forecast of run '{folder.name}' is another now: {told}. Make it again, and register it then."
        )
    origin = parameters["as_of"] or today
    return register.register(register.enter(series, made, dates, origin=origin, published=today), data, place)


def register_table(path: Path, data: str, as_of: str = "", hub: Path | None = None) -> list[Path]:
    """Put the series that a CSV file names on record, as `forecast.register.register_series` does.

    Parameters
    ----------
    path : Path
        Columns entity, indicator, bound and, where wanted, dates.
    data, as_of : str
        As for a run.
    hub : Path, optional

    Returns
    -------
    list of Path

    Raises
    ------
    RunError
        When the file cannot be read, and as `register_series`.
    """
    import pandas as pd

    from .. import indicators
    from ..forecast import register

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(f"{path} cannot be read as a table of series: {why}") from error
    known = indicators.load(data, as_of)
    place = find_register(known.path) if hub is None else hub
    _refuse_packaged(place)
    return register.register_series(table, known, hub=place)


def _refuse_packaged(place: Path) -> None:
    if place.is_relative_to(PACKAGED):
        raise RunError("What was installed keeps no record. Name a folder of your own, as in: --hub forecasts")


def _agree(made: Any, rows: list[dict[str, Any]]) -> bool:
    """True if a forecast is that of the run's table to six digits."""
    if list(made["date"].dt.strftime("%Y-%m-%d")) != [row["date"] for row in rows]:
        return False
    names = [name for name in made if name.startswith("q") and name in rows[0]]
    pairs = [(value, float(row[name])) for name in names for value, row in zip(made[name], rows, strict=True)]
    return all(math.isclose(now, then, rel_tol=EQUAL) for now, then in pairs)
