"""A fit in print and as a picture: the only module of `curves` that knows `figures`, and only as it draws."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.iolib.summary import Summary
from statsmodels.iolib.table import SimpleTable, default_html_fmt
from statsmodels.iolib.tableformatting import fmt_base, fmt_params

from ..base.dates import to_dates
from ..base.words import say_first, say_name
from .inputs import check_alpha

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AHEAD = 0.5
"""Length of the drawn curve past the last observation, in spans of the series."""
POINTS = 121
TOP_FORMAT = fmt_base | {"data_fmts": ["%s"] * 3, "data_aligns": "rlr", "colwidths": [24, 16, 14], "colsep": "  "}
TOP_HTML = default_html_fmt | {"data_aligns": "rlr"}
WALD_FAILS = ("richards", "gamma_gompertz")
"""Families whose Wald intervals were seen to cover .64 to .85 where 95% is claimed."""
CEILING_WORDS = {"share": "known share of a bound"}


# ---- the printed summary


class CurveSummary(Summary):
    """A Summary in whose HTML the name of the series is text, never markup."""

    name = ""

    def as_html(self) -> str:
        """The tables as HTML."""
        return super().as_html().replace(self.name, escape(self.name)) if self.name else super().as_html()


def _summary_top(results: Any) -> SimpleTable:
    kind = CEILING_WORDS.get(results.ceiling_kind, results.ceiling_kind)
    statistic, lag = results.serial_correlation[["durbin_watson", "lag_1"]]
    cells = {
        "Dep. Variable:": [results.model.endog_name, "Sum of squares:", f"{results.ssr:.6g}"],
        "": ["", "Residual SD:", f"{np.sqrt(results.scale):.5g}"],
        "Errors:": [results.errors or "not known", "Durbin-Watson:", f"{statistic:.3f}"],
        "Ceiling:": [kind, "Lag-1 correlation:", f"{lag:.3f}".replace("-0.000", "0.000")],
        "No. Observations:": [f"{results.nobs}", "Log-Likelihood:", f"{results.llf:.5g}"],
        "Df Residuals:": [f"{results.df_resid}", "AIC:", f"{results.aic:.5g}"],
        "Identified:": ["yes" if results.identified else "no", "AICc:", f"{results.aicc:.5g}"],
        " ": ["", "BIC:", f"{results.bic:.5g}"],
    }
    title = f"{say_first(say_name(results.model.name))} adoption curve"
    return SimpleTable([*cells.values()], stubs=[*cells], title=title, txt_fmt=TOP_FORMAT, html_fmt=TOP_HTML)


def _summary_estimates(results: Any, alpha: float) -> SimpleTable:
    """Estimates, Wald intervals and profile intervals."""
    low, high = f"[{alpha / 2:.3g}", f"{1 - alpha / 2:.3g}]"
    columns: list[Any] = [results.params, results.bse, results.tvalues, *results.conf_int(alpha).to_numpy().T]
    columns += [*results.conf_int(alpha, "profile").to_numpy().T]
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


def describe_notes(results: Any) -> list[str]:
    """Sentences under the summary, one string each line."""
    notes, model = [], results.model
    if results.limit:
        found = ", ".join(f"{name} {value:.6g}" for name, value in results.nested.params.items())
        notes.append(f"At a limit: {results.flag}, with {found}.")
    elif results.flag:
        notes.append(f"Not an estimate: {results.flag}.")
    if model.ceiling.name and (results.limit or not results.flag) and results.df_resid > 0:
        notes.append(_describe_intervals(results))
    if results.ceiling_kind in ("known", "share"):
        notes.append(f"The ceiling is given, not estimated: {results.ceiling:.6g} at the last observation.")
    if model.above > 1e-9:
        notes.append(f"An observation lies {model.above:.2%} above the given ceiling, where no curve goes.")
    if model.launch is not None:
        how = "assumed one median spacing before the first observation" if model.launch_is_assumed else "given"
        notes.append(f"Launch {model.launch:.4f}, {how}.")
    notes.append(
        "Standard errors and Wald intervals (t quantiles) are those of independent errors; profile intervals use the F "
        "distribution, and an infinite end means that the profile never crosses the threshold."
    )
    if model.name in WALD_FAILS:
        notes.append("Wald intervals of this family cover too rarely while the bend is half seen; trust the profile.")
    return notes


def _describe_intervals(results: Any) -> str:
    """Sentence on whether the data limit the ceiling, and under which errors."""
    name = results.model.ceiling.name
    low, high = results.intervals([name], 0.05)[0]
    if results.identified:
        found = "bound the ceiling"
    elif not np.isfinite(high):
        found = "do not limit the ceiling: its 95% interval is open"
    elif not results.launch_fits:
        found = "do not limit the ceiling: the assumed launch fits worse than others, so give one"
    else:
        found = f"hardly limit the ceiling: its 95% interval runs from {low:.4g} to {high:.4g}"
    if len(results.by_errors) < 2:
        return f"The data {found}, under {next(iter(results.by_errors))} errors."
    pairs = [(kind, fit.intervals([name], 0.05)[0]) for kind, fit in results.by_errors.items()]
    each = ", ".join(f"{start:.4g} to {end:.4g} if they are {kind}" for kind, (start, end) in pairs)
    return f"The data {found}. Errors are not known; its interval is {each}, and both of these together."


def summarise(results: Any, alpha: float) -> Summary:
    """The summary of `Results`."""
    check_alpha(alpha)
    summary = CurveSummary()
    summary.name = results.model.endog_name
    summary.tables += [_summary_top(results), _summary_estimates(results, alpha)]
    summary.add_extra_txt(describe_notes(results))
    return summary


def draw(results: Any, ax: Axes | None) -> Axes:
    """The picture of `Results.plot`."""
    from matplotlib import pyplot

    from ..show import figures

    model, name = results.model, say_first(say_name(results.model.name))
    values = pd.Series(model.endog, model.index).sort_index()
    start, span = results.problem.origin, results.problem.span
    times = np.linspace(start, start + (1 + AHEAD) * span, POINTS)
    curve = pd.Series(np.asarray(results.predict(times)), to_dates(times) if model.is_dated else times)
    ax = pyplot.figure(figsize=figures.SIZE).add_axes(figures.ROOM) if ax is None else ax
    labels = figures.plot_fit(ax, values, curve, f"{name} curve")
    if np.isfinite(results.ceiling) and (not model.ceiling.name or results.identified):
        level = results.best.ceiling * model.ceiling.bound_at(times)
        labels += figures.plot_ceiling(
            ax, pd.Series(level, curve.index), "ceiling" if model.ceiling.name else "given ceiling"
        )
    if results.flag and not results.limit:
        verdict = f"no estimate, {results.flag}"
    elif not model.ceiling.name:
        verdict = "the ceiling is given"
    else:
        verdict = f"the ceiling is {'identified' if results.identified else 'not identified'}"
    if results.limit:
        verdict = f"in the limit {say_name(results.limit)}, {verdict}"
    shown = [0.0, *values, *curve, *(label.y for label in labels)]
    low, high = 1.05 * np.nanmin(shown), 1.05 * np.nanmax(shown)
    title = f"{name} curve of {model.endog_name}: {verdict}"
    return figures.finish_axes(ax, labels, (curve.index[0], curve.index[-1]), high, title, low)


def draw_diagnostics(results: Any) -> Figure:
    """The picture of `Results.plot_diagnostics`."""
    from ..show import figures

    curve = f"{say_name(results.model.name)} curve"
    names = {"title": str(results.model.endog_name), "unit": "", "curve": curve}
    return figures.draw_residuals(results.resid.sort_index(), names)
