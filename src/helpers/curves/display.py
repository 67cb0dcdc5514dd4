"""A fit in print and as a picture. The only part of `curves` that knows `figures`, and only when it's asked to draw."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.iolib.summary import Summary
from statsmodels.iolib.table import SimpleTable, default_html_fmt
from statsmodels.iolib.tableformatting import fmt_base, fmt_params

from ..base.dates import CurveError, to_dates
from ..base.wording import say_first, say_name
from .inputs import check_alpha
from .profile import CEILING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AHEAD = 0.5
"""How far the curve is drawn past the last observation, in spans of the series."""
POINTS = 121
PROFILE_TOP = 10.0
"""How far a profile of the ceiling is drawn, in multiples of what has been reached."""
TOP_FORMAT = fmt_base | {"data_fmts": ["%s"] * 3, "data_aligns": "rlr", "colwidths": [24, 16, 14], "colsep": "  "}
TOP_HTML = default_html_fmt | {"data_aligns": "rlr"}
WALD_FAILS = ("richards", "gamma_gompertz")
"""Families whose Wald intervals were seen to cover .64 to .85 where 95 % is claimed."""
CEILING_WORDS = {"share": "known share of a bound", "prior": "prior on the share of a bound"}


def say_time(year: float, dated: bool) -> str:
    """A decimal year as what the observations have."""
    return f"{to_dates([year])[0]:%Y-%m-%d}" if dated else f"{year:.6g}"


def in_default_style(draw: Callable[..., Any]) -> Callable[..., Any]:
    """The same drawing whatever the project's figures, or a reader, have set for others before."""

    @wraps(draw)
    def draw_plainly(*arguments: Any, **options: Any) -> Any:
        from matplotlib import style

        with style.context("default"):
            return draw(*arguments, **options)

    return draw_plainly


def _quieten(ax: Axes) -> None:
    """Leave of the frame its base, and pale lines."""
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(left=False, labelsize=8.5, colors="#6b6b6b")
    ax.set_axisbelow(True)
    ax.grid(True, axis="y", color="#ececec")


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
        "Noise:": [results.noise, "Residual SD:", f"{np.sqrt(results.scale):.5g}"],
        "Errors:": [results.errors or "not known", "Durbin-Watson:", f"{statistic:.3f}"],
        "Ceiling:": [kind, "Lag-1 correlation:", f"{lag:.3f}".replace("-0.000", "0.000")],
        "No. Observations:": [f"{results.nobs}", "Log-Likelihood:", f"{results.llf:.5g}"],
        "Df Residuals:": [f"{results.df_resid}", "AIC:", f"{results.aic:.5g}"],
        "Identified:": ["yes" if results.identified else "no", "AICc:", f"{results.aicc:.5g}"],
        "": ["", "BIC:", f"{results.bic:.5g}"],
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
        with_a_prior = results.likelihood.batch.noise is not None  # which weighs otherwise in a fit of its own
        notes.append(f"At a limit: {results.flag}{'' if with_a_prior else f', with {found}'}.")
    elif results.flag:
        notes.append(f"Not an estimate: {results.flag}.")
    if model.ceiling.name and (results.limit or not results.flag) and results.df_resid > 0:
        notes.append(_describe_intervals(results))
    if results.ceiling_kind in ("known", "share"):
        notes.append(f"The ceiling is given, not estimated: {results.ceiling:.6g} at the last observation.")
    if model.above > 1e-9:
        what = "bound" if model.ceiling.kind == "prior" else "given ceiling"
        notes.append(f"An observation lies {model.above:.2%} above the {what}, where no curve goes.")
    if model.launch is not None:
        how = "assumed one median spacing before the first observation" if model.launch_is_assumed else "given"
        notes.append(f"Launch {model.launch:.4f}, {how}.")
    for name, at, sd in zip(
        model.param_names[-len(model.shift_sds) :], model.shift_years, model.shift_sds, strict=False
    ):
        notes.append(
            f"From {say_time(at, model.is_dated)} on values are exp({name}) = {np.exp(results.params[name]):.4g} times "
            f"what counted before (prior of {name}: normal, sd {sd:g}); the ceiling and forecasts count as since then."
        )
    notes.append(
        "Standard errors and Wald intervals (t quantiles) are those of independent errors; profile intervals use the F "
        "distribution, and an infinite end was never crossed."
    )
    if model.name in WALD_FAILS:
        notes.append("Wald intervals of this family cover too rarely while the bend is half seen; trust the profile.")
    return notes


def _describe_intervals(results: Any) -> str:
    """Whether the data bound the ceiling, and what that depends on."""
    name = results.model.ceiling.name
    kinds = [kind for kind, likelihood in results.by_errors.items() if likelihood in results.likelihoods]
    low, high = results.intervals([name], 0.05)[0]
    if results.identified:
        found = "bound the ceiling"
    elif not np.isfinite(high):
        found = "do not bound the ceiling: its 95 % interval is open"
    elif not results.launch_fits:
        found = "do not bound the ceiling: the launch that is assumed fits worse than others, so give one"
    else:
        found = f"hardly bound the ceiling: its 95 % interval runs from {low:.4g} to {high:.4g}"
    if len(kinds) < 2:
        return f"The data {found}, under {kinds[0]} errors."
    pairs = zip(kinds, (likelihood.intervals([name], 0.05)[0] for likelihood in results.likelihoods), strict=True)
    each = ", ".join(f"{start:.4g} to {end:.4g} if they are {kind}" for kind, (start, end) in pairs)
    return f"The data {found}. Errors are not known; its interval is {each}, and all of these together."


def _ceilings_to_draw(results: Any, parameter: str) -> np.ndarray:
    """Ceilings from what has been reached to a little past the interval, the estimate among them."""
    reached, best = results.likelihood.batch.top[0], results.params.iloc[0]
    low, high = results.intervals([parameter], 0.05)[0]
    start = 1.001 * reached if best >= reached else max(min(reached, 0.97 * low), 0.1 * best)
    end = min(PROFILE_TOP * reached, 1.1 * high) if high > start else 1.1 * reached
    values = np.geomspace(start, end, POINTS)
    return np.sort(np.r_[values, best]) if start < best < end else values


class Displayed:
    """The methods of `Results` that print and draw."""

    def plot(self: Any, ax: Axes | None = None) -> Axes:
        """Draw the observations and the curve, half the span of the series further on.

        A ceiling is drawn where it is given or where the data identify it, never where they leave it open.

        Parameters
        ----------
        ax : matplotlib Axes
            None: new ones in a figure of their own.

        Returns
        -------
        matplotlib Axes
        """
        from matplotlib import pyplot

        from ..show import figures

        model, likelihood = self.model, self.likelihood
        values = pd.Series([], dtype=float) if model.endog is None else pd.Series(model.endog, model.index).sort_index()
        start, span = likelihood.batch.origin[0], likelihood.batch.span[0]
        # adoptions per period are known only for the periods of the data
        times = np.sort(model.exog) if model.per_period else np.linspace(start, start + (1 + AHEAD) * span, POINTS)
        curve = pd.Series(np.asarray(self.predict(times)), to_dates(times) if model.is_dated else times)
        ax = pyplot.figure(figsize=figures.SIZE).add_axes(figures.ROOM) if ax is None else ax
        labels = figures.plot_fit(ax, values, curve, f"{say_first(say_name(model.name))} curve")
        if np.isfinite(self.ceiling) and (not model.ceiling.name or self.identified):
            level = likelihood.fit.ceiling[0] * model.ceiling.bound_at(times)
            name = "ceiling" if model.ceiling.name else "given ceiling"
            labels += figures.plot_ceiling(ax, pd.Series(level, curve.index), name)
        if self.flag and not self.limit:
            verdict = f"no estimate, {self.flag}"
        elif not model.ceiling.name:
            verdict = "the ceiling is given"
        else:
            verdict = f"the ceiling is {'identified' if self.identified else 'not identified'}"
        if self.limit:
            verdict = f"in the limit {say_name(self.limit)}, {verdict}"
        title = f"{say_first(say_name(model.name))} curve of {model.endog_name}: {verdict}"
        shown = [0.0, *values, *curve, *(label.y for label in labels)]
        limits = 1.05 * np.nanmin(shown), 1.05 * np.nanmax(shown)
        return figures.finish_axes(ax, labels, (curve.index[0], curve.index[-1]), limits[1], title, limits[0])

    @in_default_style
    def plot_profile(self: Any, parameter: str = "ceiling", ax: Axes | None = None) -> Axes:
        """Draw the confidence at which each value of a parameter is rejected, the others fitted again.

        Parameters
        ----------
        parameter : str
            An estimated parameter; a ceiling is drawn from what has been reached.
        ax : matplotlib Axes
            None: new ones in a figure of their own.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        CurveError
            If the parameter is not estimated, or no degree of freedom is left to judge by.
        """
        from matplotlib import pyplot
        from matplotlib.ticker import LogLocator, NullLocator

        from ..show import figures
        from ..show.figures import style

        model, likelihood = self.model, self.likelihood
        if self.df_resid <= 0 or likelihood.fit.flat[0]:
            raise CurveError(f"{model.endog_name}: nothing is left to judge a profile by")
        is_ceiling = likelihood.place(parameter) == CEILING and not likelihood.batch.has_share
        frame = self.profile(parameter, POINTS, _ceilings_to_draw(self, parameter) if is_ceiling else None)
        ax = pyplot.subplots(figsize=figures.SIZE, dpi=100, layout="constrained")[1] if ax is None else ax
        label, at = say_first(say_name(model.name)), frame.iloc[:, 0]
        ax.plot(at, 100 * frame["confidence"], label=label, gid="profile", color=style.BLUE, lw=1.8)
        if "independent" in frame:
            name = f"{label}, if errors are independent"
            ax.plot(at, 100 * frame["independent"], label=name, color=style.BLUE, lw=0.8)
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8.5)
        if is_ceiling:
            ax.set_xscale("log")
            style.use_numbers(ax, "x")
            if ax.get_xlim()[1] > 5 * ax.get_xlim()[0]:
                ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.xaxis.set_minor_locator(NullLocator())
        for level in (80, 95):
            ax.axhline(level, color=style.GREY, lw=0.9, ls="--", label="_")
            ax.annotate(
                f"{level} % interval ends", (1, level), xycoords=("axes fraction", "data"), xytext=(0, 2),
                textcoords="offset points", size=7.5, color=style.GREY, ha="right",
            )  # fmt: skip
        ax.set_ylim(0, 100)
        style.use_numbers(ax, "y", " %")
        _quieten(ax)
        ax.set_xlabel(f"{parameter.capitalize()} of {model.endog_name}{' (log scale)' if is_ceiling else ''}")
        ax.set_title("Confidence at which the value is rejected", loc="left", size=9.5, color=style.GREY)
        return ax

    def plot_diagnostics(self: Any) -> Figure:
        """Draw the residuals by date, and each against the one before it, with their lag-1 correlation.

        Returns
        -------
        matplotlib Figure
        """
        from ..show import figures

        curve = f"{say_name(self.model.name)} curve"
        names = {"title": str(self.model.endog_name), "unit": "", "curve": curve}
        return figures.draw_residuals(self.resid.sort_index(), self.serial_correlation, names)

    def summary(self: Any, alpha: float = 0.05) -> Summary:
        """A statsmodels Summary with Wald and profile intervals and what to bear in mind; without date and time."""
        check_alpha(alpha)
        summary = CurveSummary()
        summary.name = self.model.endog_name
        estimates = _summary_estimates(self, alpha)  # first, so that all intervals are searched together
        summary.tables += [_summary_top(self), estimates]
        summary.add_extra_txt(describe_notes(self))
        return summary

    def _repr_html_(self: Any) -> str:
        return self.summary().as_html()
