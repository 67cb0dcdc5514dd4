"""Scores of registered forecasts against published figures: the table ``06_register``, and its summary by model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...base.levels import LEVELS, band_ends
from ...base.project import RunError
from ...base.words import say_day
from ...indicators import Data
from ..scores import quantile_score
from .hub import BASELINES, ENTRY

_VINTAGES = ("first", "latest")
_TASK = [name for name in ENTRY if name not in ("model_id", "published")]
_RATIOS = {name: f"wis_{name.partition('-')[2]}" for name in BASELINES}
_COVERED = ["inside_50", "inside", "inside_90"]
"""Columns of `adoption_curves.base.levels.LEVELS`; sentences quote the 80% range."""
_OUTCOME_COLUMNS = ["outcome", "side", "read_low", "came", "hindsight", "counted", "probability", *_COVERED]
_OUTCOME_COLUMNS += ["wis", *_RATIOS.values(), "why", "revised"]
_SUMMARY = ["model_id", "on_record", "to_come", "hindsight", "no_score", "counted", "exact"]
_SUMMARY += [*(f"coverage_{100 * level:.0f}" for level in LEVELS), *(f"{name}_ratio" for name in _RATIOS.values())]
_SUMMARY += ["bounds", "probability"]


def score_register(entries: pd.DataFrame, data: Data, vintage: str = "first") -> pd.DataFrame:
    """Registered forecasts beside their outcomes.

    Parameters
    ----------
    entries : DataFrame
        From `register.read_register`; those of the baselines among them score the others.
    data : Data
        With the figures published until then.
    vintage : {"first", "latest"}
        Of a figure that was revised, the one that counts.

    Returns
    -------
    DataFrame
        A row per forecast and date of a model that is no baseline: model_id, entity, indicator, bound, limit (its
        title), origin_date, published, target_end_date, q0.1, q0.5, q0.9, unit; outcome, side ("exact", "at_least",
        "at_most"; missing and "" where no figure has been published that can be compared) and read_low (of one read as
        a range), came (the day on which the figure was first published),
        hindsight (whether the forecast went on record on that day or later), counted (whether there is a score, and no
        hindsight), probability (that the forecast gave to an outcome at least, or at most, so high; for bounds only),
        inside_50, inside (80%), inside_90 ("yes" or "no"; "" where a bound leaves it open), wis (weighted interval
        score over all quantiles, in the unit; for exact figures), wis_last_value and wis_drift (those of the baselines,
        where they are on record), why (there is no score although a figure has come, or ""), revised (whether the
        figure is a later vintage than the first).

    Raises
    ------
    RunError
        For another vintage.
    """
    if vintage not in _VINTAGES:
        raise RunError(f"vintage is '{vintage}'; a score is of the {' or the '.join(_VINTAGES)} vintage of a figure.")
    each = entries.groupby(ENTRY)
    found = [_score_entry(dict(zip(ENTRY, key, strict=True)), part, data, vintage) for key, part in each]
    scored = pd.DataFrame(found, columns=[*ENTRY, "q0.1", "q0.5", "q0.9", "unit", *_OUTCOME_COLUMNS])
    titles = dict(zip(data.indicators["indicator"], data.indicators["title"], strict=True))
    scored.insert(4, "limit", [titles.get(each, each) for each in scored["bound"]])
    rows = scored[~scored["model_id"].isin(BASELINES)].drop(columns=[*_RATIOS.values()])
    for name, column in _RATIOS.items():
        against = scored[scored["model_id"] == name].drop_duplicates(_TASK, keep="last")
        rows = rows.merge(against[[*_TASK, "wis"]].rename(columns={"wis": column}), on=_TASK, how="left")
    return rows[scored.columns]


def _score_entry(row: dict[str, Any], part: pd.DataFrame, data: Data, vintage: str) -> dict[str, Any]:
    """One forecast for one date, the columns `ENTRY` of which are `row`, with its scores."""
    levels, values = part["output_type_id"].to_numpy(float), part["value"].to_numpy(float)
    unit, rows = part["unit"].iloc[0], data.find_vintages(row["entity"], row["indicator"])
    found = row | dict(zip(("q0.1", "q0.5", "q0.9"), np.interp([0.1, 0.5, 0.9], levels, values), strict=True))
    found |= {"unit": unit, "side": "", "came": pd.NaT, "hindsight": False, "counted": False, "why": ""}
    found |= {"revised": False} | dict.fromkeys(_COVERED, "")
    figures = rows[rows["date"] == row["target_end_date"]]
    if figures.empty:
        return found
    found |= {"came": figures["published"].iloc[0], "why": _find_reason(row, unit, rows, data)}
    found["hindsight"] = bool(row["published"] >= found["came"])
    if found["why"]:
        return found
    figure = figures.iloc[0 if vintage == "first" else -1]
    outcome, side = float(figure["value"]), figure["bound"]
    found |= {"outcome": outcome, "side": side, "counted": not found["hindsight"]}
    found["read_low"] = figure.get("read_low", np.nan)  # of one printed as a limit, the lower end of what it is read as
    found["revised"] = vintage == "latest" and len(figures) > 1
    for name, level in zip(_COVERED, LEVELS, strict=True):
        low, high = np.interp(band_ends(level), levels, values)
        outside = {"exact": outcome < low or outcome > high, "at_least": outcome > high, "at_most": outcome < low}
        found[name] = "no" if outside[side] else "yes" if side == "exact" else ""
    if side == "exact":
        return found | {"wis": float(quantile_score(np.array([outcome]), values[None], levels)[0])}
    below = float(np.interp(outcome, values, levels, left=0, right=1))
    return found | {"probability": 1 - below if side == "at_least" else below}


def _find_reason(row: dict[str, Any], unit: str, rows: pd.DataFrame, data: Data) -> str:
    """Reason why the outcome cannot be compared with the forecast; "" if it can."""
    if (now := data.find_entry(row["indicator"]).unit) != unit:
        return f"the figure is in {now}, the forecast in {unit}"
    seen = rows[(rows["published"] <= row["origin_date"]) & (rows["bound"] == "exact")]["date"].max()
    breaks = data.find_breaks(row["entity"], row["indicator"])
    hard = breaks[(breaks["kind"] == "break") & (breaks["date"] > seen) & (breaks["date"] <= row["target_end_date"])]
    if hard.empty:
        return ""
    return f"the series broke on {say_day(hard['date'].iloc[0])} ({hard['reason'].iloc[0]}), and counts something else"


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
        for level, name in zip(LEVELS, _COVERED, strict=True):
            row[f"coverage_{100 * level:.0f}"] = (exact[name] == "yes").mean() if len(exact) else np.nan
        for name in _RATIOS.values():
            both = exact[(exact["wis"] > 0) & (exact[name] > 0)]
            row[f"{name}_ratio"] = np.exp(np.log(both["wis"] / both[name]).mean()) if len(both) else np.nan
        row |= {"bounds": len(bounds), "probability": bounds["probability"].mean() if len(bounds) else np.nan}
        rows.append(row)
    return pd.DataFrame(rows, columns=_SUMMARY)
