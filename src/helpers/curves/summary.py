"""The printed summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from statsmodels.iolib.summary import Summary
from statsmodels.iolib.table import SimpleTable, default_html_fmt
from statsmodels.iolib.tableformatting import fmt_base, fmt_params

if TYPE_CHECKING:
    from helpers.curves.results import Results


TOP_FORMAT = fmt_base | {"data_fmts": ["%s"] * 3, "data_aligns": "rlr", "colwidths": [24, 16, 14], "colsep": "  "}
TOP_HTML = default_html_fmt | {"data_aligns": "rlr"}

CEILING_WORDS = {
    "free": "free",
    "known": "known",
    "share": "known share of a bound",
    "prior": "prior on the share of a bound",
}


def build_summary(results: Results, alpha: float = 0.05) -> Summary:
    """A statsmodels Summary with estimates, Wald and profile intervals, and what to bear in mind."""
    summary = Summary()
    title = f"{results.model.shape.name.replace('_', '-').capitalize()} adoption curve"
    summary.tables.append(_top(results, title))
    summary.tables.append(_estimates(results, alpha))
    summary.add_extra_txt(describe_notes(results))
    return summary


def _top(results: Results, title: str) -> SimpleTable:
    left = [
        ("Dep. Variable:", results.model.endog_name),
        ("Noise:", results.noise),
        ("Ceiling:", CEILING_WORDS[results.ceiling_kind]),
        ("No. Observations:", f"{results.nobs}"),
        ("Df Residuals:", f"{results.df_resid}"),
        ("Identified:", "yes" if results.identified else "no"),
    ]
    right = [
        ("Sum of squares:", f"{results.ssr:.6g}"),
        ("Residual SD:", f"{np.sqrt(results.scale):.5g}"),
        ("Log-Likelihood:", f"{results.llf:.5g}"),
        ("AIC:", f"{results.aic:.5g}"),
        ("AICc:", f"{results.aicc:.5g}"),
        ("BIC:", f"{results.bic:.5g}"),
    ]
    cells = [[a[1], b[0], b[1]] for a, b in zip(left, right, strict=True)]
    return SimpleTable(cells, stubs=[a[0] for a in left], title=title, txt_fmt=TOP_FORMAT, html_fmt=TOP_HTML)


def _number(value: float, digits: int = 7) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.{digits}g}" if np.isfinite(value) else ("inf" if value > 0 else "-inf")


def _estimates(results: Results, alpha: float) -> SimpleTable:
    wald, profile = results.conf_int(alpha), results.conf_int(alpha, "profile")
    ends = [f"{alpha / 2:.3g}", f"{1 - alpha / 2:.3g}"]
    heads = ["coef", "std err", "t", f"[{ends[0]}", f"{ends[1]}]", f"profile [{ends[0]}", f"{ends[1]}]"]
    tests = results.tvalues
    cells = [
        [
            _number(results.params[name]),
            _number(results.bse[name], 4),
            _number(tests[name], 4),
            *(_number(value) for value in wald.loc[name]),
            *(_number(value) for value in profile.loc[name]),
        ]
        for name in results.param_names
    ]
    return SimpleTable(cells, headers=heads, stubs=results.param_names, txt_fmt=fmt_params)


def describe_notes(results: Results) -> list[str]:
    """Sentences under the summary, one string each line."""
    notes = []
    if results.flag:
        notes.append(f"Not an estimate: {results.flag}.")
    if results.model.ceiling.name and not results.identified and not results.flag:
        notes.append("The data do not bound the ceiling: its 95 % profile interval is open.")
    if results.ceiling_kind in ("known", "share"):
        notes.append(f"The ceiling is given, not estimated: {results.ceiling:.6g} at the last observation.")
    if results.model.launch is not None:
        how = "assumed one median spacing before the first observation" if results.model.launch_is_assumed else "given"
        notes.append(f"Launch {results.model.launch:.4f}, {how}.")
    notes.append(
        "Wald intervals use t quantiles, profile intervals the F distribution; an infinite end was never crossed."
    )
    return notes
