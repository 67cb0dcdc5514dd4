"""Sentences on registered forecasts, from their scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from ..base.formats import (
    format_bound,
    format_count,
    format_day,
    format_number,
    format_percent,
    format_range,
    lower_first,
)
from ..base.levels import LEVELS, format_level
from ..base.project import ESTIMATES, is_estimate
from ..forecast.register import read_register, score_register
from ..indicators import Data

# The registered baselines in words, by the columns of their scores.
_BASELINES = {"wis_last_value": "last value", "wis_drift": "straight line"}


def list_registered(data: Data, entity: str = "", indicator: str = "", vintage: str = "first") -> pd.DataFrame:
    """Registered forecasts of one series, or of all, with scores and sentences: the table ``06_register``.

    Parameters
    ----------
    data : Data
    entity, indicator : str
        Of the series; "" for all.
    vintage : {"first", "latest"}
        Which publication of an outcome counts.

    Returns
    -------
    DataFrame
        As from `adoption_curves.forecast.register.score_register`, with ``text``.
    """
    return add_sentences(score_register(read_register(data, entity, indicator), data, vintage))


def add_sentences(scored: pd.DataFrame) -> pd.DataFrame:
    """Rows of `score_register`, each as a sentence or two in ``text``."""
    texts = [_write_entry(row) for row in scored.to_dict("records")]
    return scored.drop(columns=["why", "note", "revised"]).assign(text=texts)


def _write_entry(row: dict[str, Any]) -> str:
    """A registered forecast, then its outcome and its score, or why it has none."""
    what = "an estimate of the value" if is_estimate(row) else "a forecast"
    what += ", not yet published," if is_estimate(row) and not row["hindsight"] else ""
    median = format_number(row["q0.5"], row["unit"], row["q0.9"], bare=True)
    text = (
        f"On {format_day(row['registered'])} we registered {what} for {format_day(row['target_date'])}: "
        f"{format_range(row['q0.1'], row['q0.9'], row['unit'])} (80% interval; median {median}; method {row['model']}; "
        f"limit: {lower_first(row['limit_title'])}). "
    )
    if pd.isna(row["came"]):
        return text + "The outcome has not been published yet."
    if row["why"]:
        return f"{text}There is no score: {row['why']}."
    outcome = format_bound(pd.Series(row | {"qualifier": row["side"], "value": row["outcome"]}), row["unit"], own=False)
    text += f"The outcome, {outcome}, was published on {format_day(row['came'])}"
    text += " and revised since" if row["revised"] else ""
    text += {"yes": "; it is inside the interval", "no": "; it is outside the interval", "": ""}[row["inside"]]
    if row["side"] != "exact":
        text += f"; the forecast gave it a probability of {format_percent(100 * row['probability'])}"
    text += f". {row['note']}".rstrip()
    if row["hindsight"]:
        return text + " We registered the forecast after the outcome was known, so it does not count."
    ratios = {which: row["wis"] / row[name] for name, which in _BASELINES.items() if row[name] > 0}
    texts = [f"{ratio:.2f} of that of the {which}" for which, ratio in ratios.items() if pd.notna(ratio)]
    return f"{text} Its WIS is {' and '.join(texts)}." if texts else text


def format_scores(summary: pd.DataFrame) -> list[str]:
    """A sentence or more for each model of `summarise_scores`."""
    return [" ".join(_list_scores(row)) for row in summary.to_dict("records")]


def _list_scores(row: dict[str, Any]) -> Iterator[str]:
    nouns = ("estimate of a value due", "estimates of values due") if row["model"] == ESTIMATES else ("forecast",)
    yield (
        f"With {row['model'].removesuffix(' (estimates)')} we registered {format_count(row['registered'], *nouns)}: "
        f"{row['to_come']} without an outcome yet, {row['hindsight']} made in hindsight and not counted, "
        f"{row['no_score']} without a score."
    )
    if row["exact"]:
        shares = {level: row[f"coverage_{100 * level:.0f}"] for level in LEVELS}
        covered = ", ".join(
            f"{format_percent(100 * share)} in the {format_level(level)} interval"
            for level, share in shares.items()
            if pd.notna(share)  # none is registered else
        )
        yield f"Of {format_count(row['exact'], 'exact value')}, {covered}."
    for name, which in _BASELINES.items():
        if pd.notna(ratio := row[f"{name}_ratio"]):
            yield f"WIS against the {which}: {ratio:.2f} (below 1 is better)."
    if row["inexact"]:
        count, mean = format_count(row["inexact"], "value"), format_percent(100 * row["probability"])
        yield f"To {count} published as “more than” or “less than”, forecasts gave a probability of {mean} on average."
    if not row["counted"]:
        yield "No outcome has been published since, so there is no score yet."
