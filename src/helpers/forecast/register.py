"""The record of published forecasts: files that are never written over, scored when their figures come.

A file in ``data/forecasts/`` holds one forecast in the quantile form of the hubverse: a row per date and quantile.
``runs.registry`` writes them from runs; here they are read, checked and scored.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.forecast.scores import quantile_score
from helpers.forecast.statements import count, percent
from helpers.indicators import AdoptionSeries, Data, DataError, Problem
from helpers.indicators.tables import read_bytes
from helpers.levels import band_ends
from helpers.project import REGISTER, find_register
from helpers.wording import say_day, say_name

COLUMNS = [
    "model_id",
    "entity",
    "indicator",
    "bound",
    "unit",
    "origin_date",
    "published",
    "target_end_date",
    "output_type",
    "output_type_id",
    "value",
]
DAYS = ["origin_date", "published", "target_end_date"]
ENTRY = ["model_id", "bound", "origin_date", "published", "target_end_date"]
FOUND = ["outcome", "side", "came", "hindsight", "probability", "inside", "wis", "text"]


def read_register(data: Data, entity: str = "", indicator: str = "") -> pd.DataFrame:
    """Read the forecasts of one series, or of all, that were published by the day on which the data were known.

    Parameters
    ----------
    data : Data
    entity, indicator : str
        "" for all.

    Returns
    -------
    DataFrame
        Columns as in the files (`COLUMNS`), dates as such, in order of origin, publication, date and quantile.

    Raises
    ------
    DataError
        When a file lacks a column, or holds dates, quantiles or values that cannot be right.
    """
    frames = [_read_entry(path) for path in sorted(find_register(data.path).glob("*.csv"))]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
    limit = data.limit()
    kept = (rows["entity"] == entity) | (entity == "")
    kept &= (rows["indicator"] == indicator) | (indicator == "")
    kept &= True if limit is None else rows["published"] <= limit
    return rows[kept].sort_values([*ENTRY, "output_type_id"], kind="stable").reset_index(drop=True)


def _read_entry(path: Path) -> pd.DataFrame:
    """One file of the record, checked."""

    def wrong(column: str, message: str, row: Any = None) -> DataError:
        return DataError([Problem(f"{REGISTER}/{path.name}", row, column, "", message)])

    content = BytesIO(read_bytes(path))
    try:
        rows = pd.read_csv(content, dtype=str, keep_default_na=False, encoding="utf-8")
    except ValueError as error:
        raise wrong("", f"cannot be read as a table: {error}") from error
    if list(rows.columns) != COLUMNS:
        raise wrong("", f"the header must be {','.join(COLUMNS)}")
    for name in DAYS:
        rows[name] = pd.to_datetime(rows[name], format="%Y-%m-%d", errors="coerce")
    for name in ("output_type_id", "value"):
        rows[name] = pd.to_numeric(rows[name], errors="coerce")
    bad = rows[[*DAYS, "output_type_id", "value"]].isna().any(axis=1)
    if bad.any():
        raise wrong("", "a day is YYYY-MM-DD, and quantile and value are numbers", int(bad.idxmax()) + 2)
    if (rows["output_type"] != "quantile").any() or not rows["output_type_id"].between(0, 1, inclusive="neither").all():
        raise wrong("output_type_id", "every row is a quantile between 0 and 1")
    falls = rows.groupby(ENTRY)[["output_type_id", "value"]].diff()
    if (falls["output_type_id"] <= 0).any() or (falls["value"] < 0).any():
        raise wrong("value", "quantiles of a date must rise, and their values must not fall")
    return rows


def score_register(entries: pd.DataFrame, series: AdoptionSeries) -> pd.DataFrame:
    """Set each registered forecast beside what came: the table ``06_register``.

    Parameters
    ----------
    entries : DataFrame
        From `read_register`, of the series.
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        A row per forecast and date: model_id, bound, origin_date, published, target_end_date, q0.1, q0.5, q0.9, unit;
        outcome and side ("exact", "at_least", "at_most"; missing and "" where no figure has come), came (the day the
        figure was published), hindsight (whether the forecast was published after it), probability (that the forecast
        gave to an outcome at least, or at most, so high; for bounds only), inside ("yes" or "no": the 80 % band; ""
        where a bound leaves it open), wis (weighted interval score over all quantiles, in the unit; for exact figures),
        text (all that as a sentence).
    """
    known = series.observations.sort_values("published", kind="stable").drop_duplicates("date", keep="last")
    known = known.set_index("date")
    rows = []
    for key, part in entries.groupby(ENTRY, sort=True):
        levels, values = part["output_type_id"].to_numpy(), part["value"].to_numpy()
        low, middle, high = np.interp([*band_ends(0.8)[:1], 0.5, *band_ends(0.8)[1:]], levels, values)
        row = dict(zip(ENTRY, key, strict=True)) | {"q0.1": low, "q0.5": middle, "q0.9": high}
        row |= {"unit": part["unit"].iloc[0], "outcome": np.nan, "side": "", "came": pd.NaT, "hindsight": False}
        row |= {"probability": np.nan, "inside": "", "wis": np.nan}
        if row["target_end_date"] in known.index:
            figure = known.loc[row["target_end_date"]]
            outcome, side = float(figure["value"]), figure["bound"]
            row |= {"outcome": outcome, "side": side, "came": figure["published"]}
            row["hindsight"] = bool(row["published"] >= figure["published"])
            below = float(np.interp(outcome, values, levels, left=0, right=1))
            row["probability"] = {"at_least": 1 - below, "at_most": below}.get(side, np.nan)
            outside = {"exact": outcome < low or outcome > high, "at_least": outcome > high, "at_most": outcome < low}
            row["inside"] = "no" if outside[side] else "yes" if side == "exact" else ""
            if side == "exact":
                row["wis"] = float(quantile_score(np.array([outcome]), values[None], levels)[0])
        rows.append(row | {"text": _say_entry(row)})
    return pd.DataFrame(rows, columns=[*ENTRY, "q0.1", "q0.5", "q0.9", "unit", *FOUND])


def _say_entry(row: dict[str, Any]) -> str:
    """A row of `score_register` for readers."""
    unit, made = row["unit"], f"{say_day(row['origin_date'])}"
    text = f"From what was known on {made}, for {say_day(row['target_end_date'])}: {count(row['q0.1'])} to "
    text += f"{count(row['q0.9'], unit)} (80 % band; median {count(row['q0.5'])}). "
    if not row["side"]:
        return f"{text}Put on record on {say_day(row['published'])}; the figure has not come yet."
    side = "" if row["side"] == "exact" else f"{say_name(row['side'])} "
    text += f"Came on {say_day(row['came'])}: {side}{count(row['outcome'], unit)}"
    if row["inside"]:
        text += f", {'inside' if row['inside'] == 'yes' else 'outside'} the band"
    text += "." if not side else f"; the forecast gave that a probability of {percent(row['probability'])}."
    if row["hindsight"]:
        text += f" Put on record only on {say_day(row['published'])}, in hindsight: it proves nothing."
    return text
