"""Claims of the press, computed again from the published values."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd

from ..base.formats import format_day
from .data import Data

_CLAIMS = ["claim_id", "statement", "reported", "unit", "recomputed", "difference", "verdict", "how"]
# Of values that are compared, the best first.
_VERDICTS = ("consistent", "within rounding", "contradicted")
# A value in a formula: another claim's, or a published one.
_OPERAND = r"claim:\w+|\w+@[\d-]+"


def check_claims(data: Data) -> pd.DataFrame:
    """Recompute each claim by its formula and compare it with the value as printed.

    Every printed value means an interval of half a unit of its last digit on both sides; the formula is
    computed over these intervals; percentages are parts of 1 in it. The verdict is *consistent* when the recomputed
    value equals the reported one at the coarser of their printed digits, *within rounding* when it differs but the
    intervals overlap, and *contradicted* when they do not. Where the claim also has to agree with a published value,
    the worse of the two verdicts counts. "Exceeds" compares with the reported value as a threshold. A claim that no
    series of the data has is *found elsewhere* when a publication has it, which ``how`` names, else *not checkable*.

    Parameters
    ----------
    data : Data

    Returns
    -------
    DataFrame
        claim_id, statement, reported, unit, recomputed, difference (recomputed less reported), verdict, how; no rows
        where the data bring no claims (own data do not).
    """
    return pd.DataFrame([_check_claim(data, claim) for claim in data.claims.itertuples(index=False)], columns=_CLAIMS)


def _check_claim(data: Data, claim: Any) -> dict[str, Any]:
    row = {"claim_id": claim.claim_id, "statement": claim.statement, "reported": claim.reported, "unit": claim.unit}
    try:
        computed, how = _compute(data, claim)
        agreed, published = _find_figure(data, claim, claim.agrees_with)[:2] if claim.agrees_with else (None, "")
    except LookupError as error:
        verdict, how = _look_elsewhere(data, claim) or ("not checkable", error.args[0])
        return {**row, "recomputed": math.nan, "difference": math.nan, "verdict": verdict, "how": how}
    reported, _ = _read_figure(claim.reported, claim.precision)
    verdict = _compare_claim(claim.comparison, computed, reported)
    if agreed is not None:
        pair = (agreed, reported) if claim.comparison == "exceeds" else (computed, agreed)
        verdict = max(verdict, _compare_claim(claim.comparison, *pair), key=_VERDICTS.index)
        how += f"; published: {published}"
    how += f". {claim.note}" if claim.note else ""
    difference = computed["value"] - claim.reported
    return {**row, "recomputed": computed["value"], "difference": difference, "verdict": verdict, "how": how}


def _look_elsewhere(data: Data, claim: Any) -> tuple[str, str] | None:
    """Verdict and reason for a claim that a publication has and no series, or None where none was public by then."""
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
    """Value, lowest and highest of a claim's formula over the intervals of its values; and the formula in words."""
    if not claim.formula:
        why = "" if claim.source else claim.note
        raise LookupError(why or "No series of the data has this value.")
    found = [_find_figure(data, claim, operand) for operand in re.findall(_OPERAND, claim.formula)]
    if re.fullmatch(_OPERAND, claim.formula):
        return found[0][:2]
    words = re.sub(_OPERAND, "{}", claim.formula).format(*(words for _, words, _ in found))
    names = [f"x{place}" for place in range(len(found))]
    ends = [[figure[end] / size for end in ("value", "low", "high")] for figure, _, size in found]
    corners = [each.ravel() for each in np.meshgrid(*ends)]  # the first of all is that of the printed values
    text = re.sub(_OPERAND, "{}", claim.formula).format(*names)
    with np.errstate(all="ignore"):
        values = pd.eval(text, engine="python", local_dict=dict(zip(names, corners, strict=True)))
    values = _count_one(claim.unit) * values
    if not np.isfinite(values).all():
        raise LookupError(f"{words} divides by 0.")
    computed = {"value": values[0], "low": values.min(), "high": values.max(), "decimals": math.inf}
    return computed, f"{words} = {values[0]:.6g} {claim.unit}"


def _find_figure(data: Data, claim: Any, operand: str) -> tuple[dict[str, float], str, float]:
    """Find a published value (indicator@date) or another claim's (claim:claim_id): interval, words, size of 1."""
    name, _, day = operand.removeprefix("claim:").partition("@")
    if not day:
        other = data.claims[data.claims["claim_id"] == name].iloc[0]
        return *_read_figure(other["reported"], other["precision"], f"claim {name}"), _count_one(other["unit"])
    rows = data.find_rows(claim.entity, name)
    match = rows[(rows["date"] == day) & (rows["qualifier"] == "exact")]
    if match.empty:
        raise LookupError(f"The data{data.until()} hold no {name} of {claim.entity} on {day}.")
    value, precision = match[["value", "precision"]].iloc[0]
    return *_read_figure(value, precision, f"{name} {day}"), _count_one(data.find_entry(name).unit)


def _count_one(unit: str) -> float:
    return 100.0 if unit.startswith("percent") else 1.0


def _read_figure(value: float, precision: float, words: str = "") -> tuple[dict[str, float], str]:
    """Give the interval that the printed digits of a value leave open, and its words."""
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
