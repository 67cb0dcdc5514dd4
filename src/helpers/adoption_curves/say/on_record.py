"""Sentences on the forecasts on record, from their scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..base.levels import LEVELS
from ..base.words import add_entity, percent, say, say_count, say_day, say_name, say_range
from ..forecast.hub_scores import RATIOS
from ..indicators import Data


def add_sentences(scored: pd.DataFrame, data: Data) -> pd.DataFrame:
    """The table ``06_register``: rows of `score_register`, each with all that it says as ``text``."""
    titles = dict(zip(data.indicators["indicator"], data.indicators["title"], strict=True))
    texts = [
        f"{add_entity(titles.get(row['indicator'], row['indicator']), row['entity'])}: {_say_entry(row)}"
        for row in scored.to_dict("records")
    ]
    return scored.drop(columns=["why", "revised"]).assign(text=texts)


def _say_entry(row: dict[str, Any]) -> str:
    """A row of `score_register` for readers."""
    unit, model = row["unit"], row["model_id"].partition("-")[2]
    median = say(row["q0.5"], unit, row["q0.9"], bare=True)
    text = f"from what was known on {say_day(row['origin_date'])}, for {say_day(row['target_end_date'])}: "
    band = f"{say_range(row['q0.1'], row['q0.9'], unit)} (80 % band; median {median}; {model}). "
    text += f"no 80 % band ({model}). " if pd.isna([row["q0.1"], row["q0.5"], row["q0.9"]]).any() else band
    if pd.isna(row["came"]):
        return f"{text}Put on record on {say_day(row['published'])}; the figure has not come yet."
    if row["why"]:
        return f"{text}There is no score: {row['why']}."
    side = "" if row["side"] == "exact" else f"{say_name(row['side'])} "
    text += f"Came on {say_day(row['came'])}: {side}{say(row['outcome'], unit)}"
    text += ", revised since" if row["revised"] else ""
    if row["inside"]:
        text += f", {'inside' if row['inside'] == 'yes' else 'outside'} the band"
    text += "." if not side else f"; the forecast gave that a probability of {percent(row['probability'])}."
    if row["hindsight"]:
        return f"{text} Put on record only on {say_day(row['published'])}, in hindsight: it proves nothing."
    ratios = [f"{row['wis'] / row[name]:.2f} of that of the {name[4:].replace('_', ' ')}" for name in RATIOS.values()
              if row[name] > 0 and pd.notna(row["wis"])]  # fmt: skip
    return f"{text} Its WIS is {' and '.join(ratios)}." if ratios else text


def say_scores(summary: pd.DataFrame) -> list[str]:
    """A sentence for each model of `summarise_scores`."""
    sentences = []
    for row in summary.to_dict("records"):
        text = f"{row['model_id']}: {say_count(row['on_record'], 'forecast')} on record, {row['to_come']} to come, "
        text += f"{row['hindsight']} made in hindsight and not counted, {row['no_score']} without a score."
        if row["exact"]:
            covered = ", ".join(
                f"{percent(row[f'coverage_{100 * level:.0f}'])} by the {100 * level:.0f} % band" for level in LEVELS
            )
            text += f" Of {say_count(row['exact'], 'exact figure')} covered: {covered}."
            for name in RATIOS.values():
                ratio, which = row[f"{name}_ratio"], name[4:].replace("_", " ")
                text += "" if np.isnan(ratio) else f" WIS against the {which}: {ratio:.2f} (below 1 is better)."
        if row["bounds"]:
            text += f" {say_count(row['bounds'], 'figure')} printed as a bound: probability "
            text += f"{percent(row['probability'])} on average."
        sentences.append(text if row["counted"] else f"{text} No figure has come since, so there is no score yet.")
    return sentences
