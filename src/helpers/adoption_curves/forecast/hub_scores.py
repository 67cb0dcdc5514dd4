"""Scores of registered forecasts against published figures: the table ``06_register``, and its summary by model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..base.levels import LEVELS, band_ends
from ..base.project import RunError
from ..base.words import say_count, say_day
from ..indicators import Data, DataError
from .hub import BASELINES, ENTRY
from .result import HUB_QUANTILES
from .scores import quantile_score

VINTAGES = ("first", "latest")
TASK = ["entity", "indicator", "bound", "origin_date", "target_end_date"]
RATIOS = {name: f"wis_{name.partition('-')[2]}" for name in BASELINES}
COVERED = ["inside_50", "inside", "inside_95"]
"""Columns of `adoption_curves.base.levels.LEVELS`; sentences quote the 80% range."""
SCORES = [
    "outcome",
    "side",
    "came",
    "hindsight",
    "counted",
    "probability",
    *COVERED,
    "wis",
    *RATIOS.values(),
    "why",
    "revised",
]
SUMMARY = ["model_id", "on_record", "to_come", "hindsight", "no_score", "counted", "exact"]
SUMMARY += [*(f"coverage_{100 * level:.0f}" for level in LEVELS), *(f"{name}_ratio" for name in RATIOS.values())]
SUMMARY += ["bounds", "probability"]


def score_register(
    entries: pd.DataFrame, data: Data, vintage: str = "first", required: Sequence[float] = HUB_QUANTILES
) -> pd.DataFrame:
    """Registered forecasts beside their outcomes.

    Parameters
    ----------
    entries : DataFrame
        From `register.read_register`; those of the baselines among them score the others.
    data : Data
        With the figures published until then.
    vintage : {"first", "latest"}
        Of a figure that was revised, the one that counts.
    required : sequence of float
        Quantile levels that the tasks of the hub require: a forecast that lacks one has no score.

    Returns
    -------
    DataFrame
        A row per forecast and date of a model that is no baseline: model_id, entity, indicator, bound, origin_date,
        published, target_end_date, q0.1, q0.5, q0.9, unit; outcome and side ("exact", "at_least", "at_most"; missing
        and "" where no figure has come that can be compared), came (the day on which the figure was first published),
        hindsight (whether the forecast went on record on that day or later), counted (whether there is a score, and no
        hindsight), probability (that the forecast gave to an outcome at least, or at most, so high; for bounds only),
        inside_50, inside (80%), inside_95 ("yes" or "no"; "" where a bound leaves it open), wis (weighted interval
        score over all quantiles, in the unit; for exact figures), wis_last_value and wis_drift (those of the baselines,
        where they are on record), why (there is no score although a figure has come, or ""), revised (whether the
        figure is a later vintage than the first).

    Raises
    ------
    RunError
        For another vintage.
    """
    if vintage not in VINTAGES:
        raise RunError(f"vintage is '{vintage}'; a score is of the {' or the '.join(VINTAGES)} vintage of a figure.")
    parts = entries.groupby(ENTRY, sort=True)
    scored = [_score_entry(dict(zip(ENTRY, key, strict=True)), part, data, vintage, required) for key, part in parts]
    against: dict[Any, dict[str, float]] = {}
    for row in scored:
        if row["model_id"] in RATIOS:
            against.setdefault(tuple(row[name] for name in TASK), {})[RATIOS[row["model_id"]]] = row["wis"]
    none = dict.fromkeys(RATIOS.values(), np.nan)
    rows = [
        row | none | against.get(tuple(row[name] for name in TASK), {})
        for row in scored
        if row["model_id"] not in RATIOS
    ]
    return pd.DataFrame(rows, columns=[*ENTRY, "q0.1", "q0.5", "q0.9", "unit", *SCORES])


def _score_entry(
    row: dict[str, Any], part: pd.DataFrame, data: Data, vintage: str, required: Sequence[float]
) -> dict[str, Any]:
    """Row of one forecast for one date, with its scores."""
    levels, values = part["output_type_id"].to_numpy(float), part["value"].to_numpy(float)
    quoted = np.interp([0.1, 0.5, 0.9], levels, values, left=np.nan, right=np.nan)
    row |= dict(zip(("q0.1", "q0.5", "q0.9"), quoted, strict=True))
    row["lacks"] = [f"{level:g}" for level in required if not np.isclose(levels, level).any()]
    row |= {"unit": part["unit"].iloc[0], "outcome": np.nan, "side": "", "came": pd.NaT, "hindsight": False}
    row |= {"counted": False, "probability": np.nan, "wis": np.nan, "why": "", "revised": False} | dict.fromkeys(
        COVERED, ""
    )
    rows = data.find_vintages(row["entity"], row["indicator"])
    figures = rows[rows["date"] == row["target_end_date"]]
    if figures.empty:
        return row
    row |= {"came": figures["published"].iloc[0], "hindsight": bool(row["published"] >= figures["published"].iloc[0])}
    row["why"] = _find_reason(row, rows, data)
    if row["lacks"] and not row["why"]:
        row["why"] = f"the forecast lacks {say_count(len(row['lacks']), 'quantile')} that its hub requires, such as "
        row["why"] += row["lacks"][0]
    if row["why"]:
        return row
    figure = figures.iloc[0 if vintage == "first" else -1]
    outcome, side = float(figure["value"]), figure["bound"]
    row |= {"outcome": outcome, "side": side, "counted": not row["hindsight"]}
    row["revised"] = vintage == "latest" and len(figures) > 1
    below = float(np.interp(outcome, values, levels, left=0, right=1))
    row["probability"] = {"at_least": 1 - below, "at_most": below}.get(side, np.nan)
    for name, level in zip(COVERED, LEVELS, strict=True):
        if not np.isclose(levels[:, None], band_ends(level)).any(axis=0).all():
            continue  # the outermost quantiles are no ends of this range
        low, high = np.interp(band_ends(level), levels, values)
        outside = {"exact": outcome < low or outcome > high, "at_least": outcome > high, "at_most": outcome < low}
        row[name] = "no" if outside[side] else "yes" if side == "exact" else ""
    if side == "exact":
        row["wis"] = float(quantile_score(np.array([outcome]), values[None], levels)[0])
    return row


def _find_reason(row: dict[str, Any], rows: pd.DataFrame, data: Data) -> str:
    """Reason why the outcome cannot be compared with the forecast; "" if it can."""
    try:
        unit = data.find_entry(row["indicator"]).unit
    except DataError:
        unit = ""
    if unit != row["unit"]:
        return f"the figure is in {unit}, the forecast in {row['unit']}"
    seen = rows[(rows["published"] <= row["origin_date"]) & (rows["bound"] == "exact")]["date"].max()
    breaks = data.find_breaks(row["entity"], row["indicator"])
    hard = breaks[(breaks["kind"] == "break") & (breaks["date"] > seen) & (breaks["date"] <= row["target_end_date"])]
    if len(hard):
        return (
            f"the series broke on {say_day(hard['date'].iloc[0])} ({hard['reason'].iloc[0]}), and counts something else"
        )
    return ""


def summarise_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Scores by model, of forecasts registered before their outcome was published.

    Parameters
    ----------
    scored : DataFrame
        From `score_register`.

    Returns
    -------
    DataFrame
        model_id; how many forecasts are on_record, to_come, made in hindsight, without a score (no_score), counted, of
        these exact; coverage_50, coverage_80, coverage_90 (share of exact figures inside); wis_last_value_ratio and
        wis_drift_ratio (geometric mean of the WIS over that of the baseline, over exact figures that have both: below
        1 is better); how many figures were bounds, and the mean probability given to them. Missing where nothing has
        been published.
    """
    rows = []
    for model_id, part in scored.groupby("model_id"):
        counted = part[part["counted"]]
        exact, bounds = counted[counted["side"] == "exact"], counted[counted["side"] != "exact"]
        came = part["came"].notna()
        row: dict[str, Any] = {"model_id": model_id, "on_record": len(part), "to_come": int((~came).sum())}
        row |= {"hindsight": int(part["hindsight"].sum()), "counted": len(counted), "exact": len(exact)}
        row["no_score"] = int((came & (part["side"] == "") & ~part["hindsight"]).sum())
        for level, name in zip(LEVELS, COVERED, strict=True):
            row[f"coverage_{100 * level:.0f}"] = (exact[name] == "yes").mean() if len(exact) else np.nan
        for name in RATIOS.values():
            both = exact[(exact["wis"] > 0) & (exact[name] > 0)]
            row[f"{name}_ratio"] = np.exp(np.log(both["wis"] / both[name]).mean()) if len(both) else np.nan
        row |= {"bounds": len(bounds), "probability": bounds["probability"].mean() if len(bounds) else np.nan}
        rows.append(row)
    return pd.DataFrame(rows, columns=SUMMARY)
