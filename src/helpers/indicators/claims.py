"""Recompute the figures of the news item from the published observations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from helpers.indicators.selection import Data


@dataclass(frozen=True)
class Figure:
    """A figure and the interval that its printed digits leave open."""

    value: float
    low: float
    high: float
    words: str
    decimals: int | None = None  # None: computed, not printed


RULES: dict[str, Callable[[float, float], float]] = {  # each takes (first, second) and rises in the first operand
    "level": lambda first, second: first,
    "difference": lambda first, second: first - second,
    "growth": lambda first, second: 100 * (first / second - 1),
    "share": lambda first, second: 100 * first / second,
    "total": lambda first, second: 100 * first / second,
    "start": lambda first, second: first / (1 + second / 100),
}
WORDS = {
    "level": "{first}",
    "difference": "{first} - {second}",
    "growth": "{first} / {second} - 1",
    "share": "{first} / {second}",
    "total": "{first} / {second}",
    "start": "{first} / (1 + {second})",
}
COLUMNS = ["claim_id", "statement", "reported", "unit", "recomputed", "difference", "verdict", "how"]
VERDICTS = ("consistent", "within rounding", "contradicted", "not checkable")


def check_claims(data: Data) -> pd.DataFrame:
    """Recompute each claim by its rule and compare it with the figure as printed.

    Every printed figure stands for an interval of half a unit of its last digit on both sides; the rule is computed
    over these intervals. The verdict is *consistent* when the recomputed figure equals the reported one at the coarser
    of their printed digits, *within rounding* when it differs but the intervals overlap, *contradicted* when they do
    not, and *not checkable* when no published figure is available (``how`` says why). Where the claim also has to agree
    with a published figure, the worse of the two verdicts counts. "Exceeds" compares with the reported figure as a
    threshold.

    Parameters
    ----------
    data : Data

    Returns
    -------
    DataFrame
        claim_id, statement, reported, unit, recomputed, difference (recomputed less reported), verdict, how; no rows
        where the data bring no claims (own data do not).
    """
    rows = [_check_claim(data, claim) for claim in data.claims.itertuples(index=False)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _check_claim(data: Data, claim: Any) -> dict[str, Any]:
    row = {"claim_id": claim.claim_id, "statement": claim.statement, "reported": claim.reported, "unit": claim.unit}
    try:
        computed = _apply_rule(data, claim)
        agreement = _find_operand(data, claim, claim.agrees_with) if claim.agrees_with else None
    except (LookupError, ZeroDivisionError) as error:
        return {
            **row,
            "recomputed": math.nan,
            "difference": math.nan,
            "verdict": VERDICTS[3],
            "how": str(error.args[0]),
        }
    reported = _read_figure(claim.reported, claim.precision, "the claim")
    verdict = _compare(claim.comparison, computed, reported)
    how = f"{computed.words} = {computed.value:.6g} {claim.unit}" if claim.rule != "level" else computed.words
    if agreement:
        other = agreement if claim.comparison == "exceeds" else computed
        against = reported if claim.comparison == "exceeds" else agreement
        verdict = max(verdict, _compare(claim.comparison, other, against), key=VERDICTS.index)
        how += f"; published: {agreement.words}"
    if claim.note:
        how += f". {claim.note}"
    difference = computed.value - claim.reported
    return {**row, "recomputed": computed.value, "difference": difference, "verdict": verdict, "how": how}


def _apply_rule(data: Data, claim: Any) -> Figure:
    if claim.rule == "none":
        raise LookupError(claim.note or "No published series holds this figure.")
    first = _find_operand(data, claim, claim.first)
    second = _find_operand(data, claim, claim.second) if claim.second else first
    if claim.rule == "level":
        return first
    rule = RULES[claim.rule]
    corners = [rule(a, b) for a in (first.low, first.high) for b in (second.low, second.high)]
    words = WORDS[claim.rule].format(first=first.words, second=second.words)
    return Figure(rule(first.value, second.value), min(corners), max(corners), words)


def _find_operand(data: Data, claim: Any, operand: str) -> Figure:
    """Find a published figure (indicator@date) or the reported figure of another claim (claim:claim_id)."""
    if operand.startswith("claim:"):
        other = data.claims[data.claims["claim_id"] == operand[6:]].iloc[0]
        return _read_figure(other["reported"], other["precision"], f"claim {operand[6:]}")
    indicator, _, day = operand.partition("@")
    rows = data.observations
    match = rows[(rows["entity"] == claim.entity) & (rows["indicator"] == indicator) & (rows["date"] == day)]
    match = match[match["bound"] == "exact"]
    if match.empty:
        raise LookupError(f"The data{data.until()} hold no {indicator} of {claim.entity} on {day}.")
    figure = match.iloc[0]
    return _read_figure(figure["value"], figure["precision"], f"{indicator} {day}")


def _read_figure(value: float, precision: float, words: str) -> Figure:
    decimals = max(0, -round(math.log10(2 * precision)))
    return Figure(value, value - precision, value + precision, f"{words} ({value:.{decimals}f})", decimals)


def _compare(comparison: str, computed: Figure, reported: Figure) -> str:
    if comparison == "exceeds":
        if computed.low > reported.value:
            return VERDICTS[0]
        return VERDICTS[1] if computed.high > reported.value else VERDICTS[2]
    decimals = min(f.decimals for f in (computed, reported) if f.decimals is not None)
    if round(computed.value, decimals) == round(reported.value, decimals):
        return VERDICTS[0]
    return VERDICTS[1] if computed.high >= reported.low and computed.low <= reported.high else VERDICTS[2]
