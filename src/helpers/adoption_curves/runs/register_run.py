"""A run's forecast goes on record, as the table ``05_record`` of notebook 5 has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from ..base.project import PACKAGED, REGISTER, RunError, find_register
from .ingredients import hash_data
from .parameters import read_parameters
from .record import find_changed, locate, read_run

TABLE = "05_record"


def register_run(
    folder: Path, dates: Sequence[str] = (), hub: Path | None = None, today: date | None = None
) -> list[Path]:
    """Put the forecast of the run in `folder` on record, and both baselines beside it.

    Parameters
    ----------
    folder : Path
    dates : sequence of str
        As for `forecast.record.register.enter`.
    hub : Path, optional
        By default ``forecasts/`` beside the run's data.
    today : date, optional
        The day on which it goes on record.

    Returns
    -------
    list of Path
        The files that are new or longer; none where the run has no forecast. The round is the run's ``as_of``, or today
        where that is not set.

    Raises
    ------
    RunError
        When the run isn't as its record says, the data are others now, or as `forecast.record.register` has it.
    """
    from .. import indicators
    from ..forecast.record import register

    content, today = read_run(folder), today or datetime.now().astimezone().date()
    path, parameters = locate(folder, f"tables/{TABLE}.csv"), read_parameters(content.parameters)
    changed = [f"{name} is {why}" for name, why in find_changed(folder, content).items()]
    changed += [] if path.is_file() else [f"{TABLE}.csv is missing"]
    known = hash_data(parameters.source).items() - content.data.files.items()
    if not changed and any(f"/{REGISTER}/" not in f"/{name}" for name, _ in known):  # but what others registered since
        changed = ["the data have changed"]
    if changed:
        raise RunError(f"Run '{folder.name}' is not as it was made: {changed[0]}. Make it again, and register it then.")
    quantiles = pd.read_csv(path, index_col="date", parse_dates=True)
    if quantiles.empty:
        return []
    data = indicators.load(str(parameters.source), parameters.as_of)
    place = find_register(data.path) if hub is None else hub
    if place.is_relative_to(PACKAGED):
        raise RunError("What was installed keeps no record. Name a folder of your own, as in: --hub forecasts")
    quantiles = quantiles.rename(columns=lambda name: float(name.removeprefix("q")))
    series = data.series(parameters.entity, parameters.indicator, parameters.bound)
    origin = parameters.as_of or today
    return register.register(register.enter(series, quantiles, dates, origin, today), data, place)
