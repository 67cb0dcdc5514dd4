"""Recompute claims of the press from published values."""

from __future__ import annotations

import math
import re
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from ..base.formats import format_day
from .data import Data

_CLAIMS = ["claim_id", "statement", "reported", "unit", "recomputed", "difference", "verdict", "how"]
# Verdicts on values that are compared, the best first.
_VERDICTS = ("consistent", "within rounding", "contradicted")
# A value in a formula: that of another claim, or a published one.
_OPERAND = r"claim:\w+|\w+@[\d-]+"


def check_claims(data: Data) -> pd.DataFrame:
    """Recompute each claim from published values, and compare the result with the reported value.

    Parameters
    ----------
    data : Data

    Returns
    -------
    DataFrame
        One row per claim: ``claim_id``, ``statement``, ``reported``, ``unit``, ``recomputed``, ``difference``
        (recomputed minus reported), ``verdict``, and ``how`` (the formula with its values). Empty if the data have no
        claims, as a file of your own has none.

    Notes
    -----
    A value is published with a rounding error of up to half a unit of its last digit. The formula of a claim is
    computed over these intervals, with percentages as shares of 1. The verdict is

    - *consistent* if the recomputed and the reported value are equal in the digits that both have;
    - *within rounding* if they differ but their intervals overlap;
    - *contradicted* if the intervals do not overlap;
    - *found elsewhere* if no series has the value, but a publication, which ``how`` names;
    - *not checkable* otherwise.

    For a claim that a value exceeds a threshold, the threshold is the reported value. If a claim must also agree with
    a published value, the worse of both verdicts counts.

    Examples
    --------
    >>> from adoption_curves.indicators import load
    >>> check_claims(load())["verdict"].value_counts().index[0]
    'consistent'
    """
    return pd.DataFrame([_check_claim(data, claim) for claim in data.claims.itertuples(index=False)], columns=_CLAIMS)


def _check_claim(data: Data, claim: Any) -> dict[str, Any]:
    row = {"claim_id": claim.claim_id, "statement": claim.statement, "reported": claim.reported, "unit": claim.unit}
    try:
        computed, how = _compute(data, claim)
        agreed, published = _find_value(data, claim, claim.agrees_with)[:2] if claim.agrees_with else (None, "")
    except LookupError as error:
        verdict, how = _find_publication(data, claim) or ("not checkable", error.args[0])
        return {**row, "recomputed": math.nan, "difference": math.nan, "verdict": verdict, "how": how}
    reported, _ = _read_interval(claim.reported, claim.precision)
    verdict = _compare_claim(claim.comparison, computed, reported)
    if agreed is not None:
        pair = (agreed, reported) if claim.comparison == "exceeds" else (computed, agreed)
        verdict = max(verdict, _compare_claim(claim.comparison, *pair), key=_VERDICTS.index)
        how += f"; published: {published}"
    how += f". {claim.note}" if claim.note else ""
    difference = computed["value"] - claim.reported
    return {**row, "recomputed": computed["value"], "difference": difference, "verdict": verdict, "how": how}


def _find_publication(data: Data, claim: Any) -> tuple[str, str] | None:
    """Verdict and reason for a claim that only a publication has; None if none had been published by `as_of`."""
    sources, day = data.sources[data.sources["source_id"] == claim.source], data.day()
    sources = sources if day is None else sources[sources["published"] <= day]
    if claim.formula or sources.empty:
        return None
    publisher, published, url = sources[["publisher", "published", "url"]].iloc[0]
    agrees = claim.found > claim.reported if claim.comparison == "exceeds" else claim.found == claim.reported
    where = publisher if pd.isna(published) else f"{publisher}, {format_day(published)}"
    how = f"{where}: {claim.found:,.10g} {claim.unit}. {claim.note} {url}".strip()
    return "found elsewhere" if agrees else _VERDICTS[2], how


def _compute(data: Data, claim: Any) -> tuple[dict[str, float], str]:
    """Result of a claim's formula, with its range over the intervals of its values, and the formula as text."""
    if not claim.formula:
        why = "" if claim.source else claim.note
        raise LookupError(why or "No series of the data has this value.")
    operands = [_find_value(data, claim, operand) for operand in re.findall(_OPERAND, claim.formula)]
    if re.fullmatch(_OPERAND, claim.formula):
        return operands[0][:2]
    template = re.sub(_OPERAND, "{}", claim.formula)
    words = template.format(*(words for _, words, _ in operands))
    # all combinations of the published values and the ends of their intervals; the first is that of the values
    ends = [[interval[end] / size for end in ("value", "low", "high")] for interval, _, size in operands]
    columns = {f"x{place}": np.array(each) for place, each in enumerate(zip(*product(*ends), strict=True))}
    with np.errstate(all="ignore"):
        values = _count_one(claim.unit) * pd.eval(template.format(*columns), engine="python", local_dict=columns)
    if not np.isfinite(values).all():
        raise LookupError(f"{words} divides by 0.")
    computed = {"value": values[0], "low": values.min(), "high": values.max(), "decimals": math.inf}
    return computed, f"{words} = {values[0]:.6g} {claim.unit}"


def _find_value(data: Data, claim: Any, operand: str) -> tuple[dict[str, float], str, float]:
    """Value of an operand, with its interval, its text, and what 1 is in its unit.

    An operand is a published value, ``indicator@date``, or another claim's, ``claim:claim_id``.
    """
    name, _, day = operand.removeprefix("claim:").partition("@")
    if not day:
        other = data.claims[data.claims["claim_id"] == name].iloc[0]
        return *_read_interval(other["reported"], other["precision"], f"claim {name}"), _count_one(other["unit"])
    rows = data.find_rows(claim.entity, name)
    match = rows[(rows["date"] == day) & (rows["qualifier"] == "exact")]
    if match.empty:
        raise LookupError(f"The data{data.until()} hold no {name} of {claim.entity} on {day}.")
    value, precision = match[["value", "precision"]].iloc[0]
    return *_read_interval(value, precision, f"{name} {day}"), _count_one(data.find_entry(name).unit)


def _count_one(unit: str) -> float:
    return 100.0 if unit.startswith("percent") else 1.0


def _read_interval(value: float, precision: float, words: str = "") -> tuple[dict[str, float], str]:
    """A value with the interval that its published digits leave open, and its text."""
    decimals = max(0, -round(math.log10(2 * precision)))
    interval = {"value": value, "low": value - precision, "high": value + precision, "decimals": decimals}
    return interval, f"{words} ({value:.{decimals}f})"


def _compare_claim(comparison: str, computed: dict[str, float], reported: dict[str, float]) -> str:
    if comparison == "exceeds":
        if computed["low"] > reported["value"]:
            return _VERDICTS[0]
        return _VERDICTS[1] if computed["high"] > reported["value"] else _VERDICTS[2]
    decimals = int(min(computed["decimals"], reported["decimals"]))
    if round(computed["value"], decimals) == round(reported["value"], decimals):
        return _VERDICTS[0]
    return _VERDICTS[1] if computed["high"] >= reported["low"] and computed["low"] <= reported["high"] else _VERDICTS[2]
