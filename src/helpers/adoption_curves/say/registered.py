"""Sentences on registered forecasts, from their scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..base.levels import LEVELS
from ..base.project import ESTIMATES, is_estimate
from ..base.words import lower_first, say, say_count, say_day, say_limit, say_percent, say_range

_BASELINE_NAMES = {"wis_last_value": "last value", "wis_drift": "straight line"}
"""The registered baselines in words, by the columns of their scores."""


def add_sentences(scored: pd.DataFrame) -> pd.DataFrame:
    """The table ``06_register``: rows of `score_register`, each as a sentence or two in ``text``."""
    texts = [_say_entry(row) for row in scored.to_dict("records")]
    return scored.drop(columns=["why", "note", "revised"]).assign(text=texts)


def _say_entry(row: dict[str, Any]) -> str:
    """A row of `score_register` for readers."""
    unit, limit, model = row["unit"], lower_first(row["limit_title"]), row["model"]
    what = "an estimate of the value, not yet published," if is_estimate(row) else "a forecast"
    text = f"On {say_day(row['registered'])} we registered {what} for {say_day(row['target_date'])}: "
    median = say(row["q0.5"], unit, row["q0.9"], bare=True)
    text += f"{say_range(row['q0.1'], row['q0.9'], unit)} (median {median}; method {model}; limit: {limit})."
    if pd.isna(row["came"]):
        return f"{text} The outcome has not been published yet."
    if row["why"]:
        return f"{text} There is no score: {row['why']}."
    text += f" The outcome, {_say_outcome(row)}, was published on {say_day(row['came'])}"
    text += " and revised since" if row["revised"] else ""
    if row["inside"]:
        text += f"; it is {'inside' if row['inside'] == 'yes' else 'outside'} the range"
    if row["side"] != "exact":
        text += f"; the forecast gave it a probability of {say_percent(100 * row['probability'])}"
    text += f". {row['note']}".rstrip()
    if row["hindsight"]:
        return f"{text} We registered the forecast after the outcome was known, so it does not count."
    ratios = [
        f"{row['wis'] / row[name]:.2f} of that of the {which}"
        for name, which in _BASELINE_NAMES.items()
        if row[name] > 0 and pd.notna(row["wis"])
    ]
    return f"{text} Its WIS is {' and '.join(ratios)}." if ratios else text


def _say_outcome(row: Mapping[str, Any]) -> str:
    """An outcome as it was printed: 602 million people, more than 700 million people."""
    value, low = float(row["outcome"]), float(row.get("read_low") or "nan")
    if row["side"] == "exact":
        return say(value, row["unit"])
    return say_limit(pd.Series({"qualifier": row["side"], "value": value, "read_low": low}), row["unit"], own=False)


def say_scores(summary: pd.DataFrame) -> list[str]:
    """A sentence for each model of `summarise_scores`."""
    sentences = []
    for row in summary.to_dict("records"):
        nouns = ("estimate of a value due", "estimates of values due") if row["model"] == ESTIMATES else ("forecast",)
        model = row["model"].removesuffix(" (estimates)")
        text = f"With {model} we registered {say_count(row['registered'], *nouns)}: {row['to_come']} "
        text += f"without an outcome yet, {row['hindsight']} made in hindsight and not counted, "
        text += f"{row['no_score']} without a score."
        if row["exact"]:
            parts = {f"{100 * level:.0f}": row[f"coverage_{100 * level:.0f}"] for level in LEVELS}
            covered = ", ".join(f"{say_percent(100 * part)} in the {level}% range" for level, part in parts.items())
            text += f" Of {say_count(row['exact'], 'exact figure')}, {covered}."
            for name, which in _BASELINE_NAMES.items():
                ratio = row[f"{name}_ratio"]
                text += "" if np.isnan(ratio) else f" WIS against the {which}: {ratio:.2f} (below 1 is better)."
        if row["inexact"]:
            text += (
                f" To {say_count(row['inexact'], 'figure')} printed as “more than” or “less than”, forecasts gave a "
            )
            text += f"probability of {say_percent(100 * row['probability'])} on average."
        none = " No outcome has been published since, so there is no score yet."
        sentences.append(text if row["counted"] else f"{text}{none}")
    return sentences
