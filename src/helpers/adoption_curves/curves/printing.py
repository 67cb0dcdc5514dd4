"""A fit in print."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
from statsmodels.iolib.summary import Summary
from statsmodels.iolib.table import SimpleTable
from statsmodels.iolib.tableformatting import fmt_params

from ..base.words import say_first, say_name

HELD = "the curve of least squares alone would end below it"
_CEILING_WORDS = {"free": "free", "known": "known", "share": "known share of a limit"}


class _CurveSummary(Summary):
    """A Summary in whose HTML the name of the series is text, never markup."""

    name = ""

    def as_html(self) -> str:
        """The tables as HTML."""
        return super().as_html().replace(self.name, escape(self.name)) if self.name else super().as_html()


def _summary_estimates(results: Any, alpha: float) -> SimpleTable:
    """Estimates, Wald intervals and profile intervals."""
    columns: list[Any] = [results.params, results.bse, results.tvalues, *results.conf_int(alpha).to_numpy().T]
    columns += [*results.conf_int(alpha, "profile").to_numpy().T]
    low, high = f"[{alpha / 2:.3g}", f"{1 - alpha / 2:.3g}]"
    heads = ["coef", "std err", "t", low, high, f"profile {low}", high]
    digits = (7, 4, 4, *[7] * (len(columns) - 3))
    written = [
        ["-" if np.isnan(value) else f"{value:.{digit}g}" for value in column]
        for column, digit in zip(columns, digits, strict=True)
    ]
    if results.model.ceiling.name and not results.identified:
        written[0][0] = "open"
    cells = list(zip(*written, strict=True))
    return SimpleTable(cells, headers=heads, stubs=results.param_names, txt_fmt=fmt_params)


def _describe_notes(results: Any) -> list[str]:
    """Sentences under the summary, one string each line."""
    notes, model = [], results.model
    if results.flag:
        notes.append(f"Not an estimate: {results.flag}.")
    elif model.ceiling.name:
        notes.append(_describe_intervals(results))
    if results.best.held and not results.flag:
        notes.append(f"The {model.ceiling.name} is held at what has been published: {HELD}.")
    if not model.ceiling.name:
        notes.append(f"The ceiling is given, not estimated: {results.ceiling:.6g} at the last observation.")
    if model.above > 1e-9:
        notes.append(f"An observation lies {model.above:.2%} above the given ceiling, where no curve goes.")
    if model.launch is not None:
        notes.append(f"Launch {model.launch:.4f}, given.")
    notes.append(
        "Standard errors and Wald intervals (t quantiles) are those of independent errors; profile intervals use the F "
        "distribution, and an infinite end means that the profile never crosses the threshold."
    )
    return notes


def _describe_intervals(results: Any) -> str:
    """Sentence on whether the data limit the ceiling, and under which errors."""
    name = results.model.ceiling.name
    low, high = results.intervals([name], 0.05)[0]
    if results.identified:
        found = "limit the ceiling"
    elif not np.isfinite(high):
        found = "do not limit the ceiling: its 95% interval is open"
    else:
        found = f"hardly limit the ceiling: its 95% interval runs from {low:.4g} to {high:.4g}"
    if len(results.by_errors) < 2:
        return f"The data {found}, under {next(iter(results.by_errors))} errors."
    pairs = [(kind, fit.intervals([name], 0.05)[0]) for kind, fit in results.by_errors.items()]
    each = ", ".join(f"{start:.4g} to {end:.4g} if they are {kind}" for kind, (start, end) in pairs)
    return f"The data {found}. Errors are not known; its interval is {each}, and both of these together."


def summarise(results: Any, alpha: float) -> Summary:
    """The summary of `Results`."""
    model = results.model
    left = {
        "Dep. Variable:": model.endog_name,
        "No. Observations:": f"{results.nobs}",
        "Df Residuals:": f"{results.df_resid}",
        "Errors:": results.errors or "not known",
        "Ceiling:": _CEILING_WORDS[model.ceiling.kind],
        "Identified:": "yes" if results.identified else "no",
    }
    right = {
        "Sum of squares:": f"{results.ssr:.6g}",
        "Residual SD:": f"{np.sqrt(results.scale):.5g}",
        "Durbin-Watson:": f"{results.durbin_watson:.3f}",
        "Log-Likelihood:": f"{results.llf:.5g}",
        "AIC:": f"{results.aic:.5g}",
        "AICc:": f"{results.aicc:.5g}",
        "BIC:": f"{results.bic:.5g}",
    }
    sides = ([(name, [text]) for name, text in side.items()] for side in (left, right))
    summary = _CurveSummary()
    summary.name = model.endog_name
    title = f"{say_first(say_name(model.name))} adoption curve"
    summary.add_table_2cols(results, title, *sides, model.endog_name, results.param_names)
    summary.tables.append(_summary_estimates(results, alpha))
    summary.add_extra_txt(_describe_notes(results))
    return summary
