"""One verdict on where a series ends, whatever its curve and its errors are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..base.dates import CurveError, Dates, Times, decimal_years, is_dated
from ..base.words import say_large, say_name
from .ceiling_kinds import Bound, Ceiling, Share, read_ceiling
from .engine import NOT_SETTLED, Batch, Family, Fit, count_parameters, flag_optima, prepare
from .error_models import corrected_criterion, fit_kinds, late_pvalue, list_kinds, log_roots, restricted_deviance
from .families import FAMILIES
from .inputs import check_errors, read_launch, read_numbers
from .launches import any_launch
from .likelihoods import imply_weights
from .model import CurveModel
from .profile import bound_ceilings, is_narrow

CORE, LONG = ("logistic", "gompertz", "bass"), ("richards",)
"""Families that are asked of every series, and of those with `MIN_LONG` figures."""
WITHIN = (("bass", "logistic"), ("richards", "gompertz"))
"""Families that hold another as a limit: Bass with its launch long ago, Richards with its shape at 0."""
SAME_CURVE = 1e-3
"""Part of the sum of squares by which a family must fit better than the one it holds to be another curve."""
MIN_LONG = 8
MIN_WEIGHT = 0.05
"""Least weight of a family under a kind of errors with which it has a voice."""
BLOCK = 500
"""Series in memory together."""
MAX_BELOW, MAX_PART_BELOW = 2.0, 0.1
"""An interval may end below the highest figure, which has an error too: by so many residual standard deviations, but
not by more than this part of the figure. A jump makes the deviations large."""
ALPHA = 0.05
LATE_FIGURES, LATE_ALPHA, MIN_TESTED = 2, 0.2, 10
"""Last figures that must not all lie above the curves, as where another wave begins, and the least to test them by."""
DOUBT = "the last two figures lie above every curve: another wave may have begun"
MAX_RATIO = 10.0
"""A closed interval whose upper end is more than so many times the lower says no more than an open one."""
TOO_WIDE = f"the highest end that fits is more than {MAX_RATIO:g} times the lowest"
VERDICTS = ("identified", "depends on the curve", "open", "beyond the bound")


@dataclass(frozen=True)
class Assessment:
    """What a series says of its ceiling, from `assess_ceiling`.

    Attributes
    ----------
    verdict : str
        "identified": every family with a voice, under every kind of errors, puts the ceiling into one closed interval
        whose upper end is at most twice the lower; "depends on the curve": each of them has a closed one and all
        together are wider, at most 10 : 1; "open": at least one has none, all together are wider still, or no family
        has a voice; "beyond the bound": the interval is closed and all of it lies above the bound, so the curves or the
        bound are wrong.
    low, high : float
        Hull of these intervals, 95 %, in the unit of the series, not cut at any figure; high is infinite where one of
        them is open. NaN and infinite where no family has a voice.
    reached : float
        Lowest value of the curves with a voice at the last date, and of the last figure under errors that add up.
        Sentences and pictures of the interval begin no lower.
    voices : tuple of str
        Families with a voice.
    reasons : dict of str
        Why each of the others has none, by family.
    table : DataFrame
        A row for each family and kind of errors: family, errors, low, high, weight (percent; missing where AICc is
        infinite for every family), flag, voice.
    bound : float
        The bound at the last date; NaN for none.
    doubt : str
        Why the verdict is "open" though the interval is closed: it is wider than 10 : 1, or, from ten figures on, the
        last two lie above every curve with a voice (one-sided t test, 20 %, of residuals as each kind of errors whitens
        them); else "".
    """

    verdict: str
    low: float
    high: float
    reached: float
    voices: tuple[str, ...]
    reasons: dict[str, str]
    table: pd.DataFrame = field(repr=False)
    bound: float = np.nan
    doubt: str = ""
    note: ClassVar[str] = "of this wave; a later one cannot be seen"
    """What goes with every sentence."""

    @property
    def identified(self) -> bool:
        """True where the verdict is "identified"."""
        return self.verdict == "identified"

    @property
    def sentence(self) -> str:
        """The verdict in words, as "ends between 61 and 64"."""
        return say_verdict(self.verdict, self.low, self.high, self.reached)

    def __repr__(self) -> str:
        return f"<{self.verdict}: {self.sentence}>"


def assess_ceiling(
    endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any],
    exog: Dates | None = None,
    bound: Bound | None = None,
    errors: str | None = None,
    launch: Times | None = None,
    **options: Any,
) -> Assessment | pd.DataFrame:
    """Say what a series tells of the ceiling it grows to, whatever its curve and its errors are.

    The logistic, Gompertz and Bass curve, and from eight figures on the Richards curve, are fitted under every kind of
    errors that is possible. A family has a voice under a kind of errors with 5 % of the weight of all of these, unless
    its best curve is another's, or its interval ends below the highest figure by more than two residual standard
    deviations or a tenth of the figure. The verdict is the hull of the 95 % profile intervals of those with a voice;
    one whose optimum carries a flag leaves the ceiling open.

    Weights are AICc weights of the families, from residuals as each kind of errors whitens them; between kinds of
    errors the restricted likelihood decides, since fitting takes more out of correlated errors. Where AICc is
    infinite for all families, every one counts.

    Parameters
    ----------
    endog, exog : as in `AdoptionCurve`
        Or a frame with one series a column, NaN where a series has no figure.
    bound : number, Series over dates, array like `endog`, or None
        What the ceiling can hardly lie above.
    errors : None (not known), "independent" or "cumulative"
    launch : date, decimal year or None
        Of the Bass curve; None: any launch that fits not worse.
    **options
        For one series: `weights`, `known_se`, as in `AdoptionCurve`.

    Returns
    -------
    Assessment
        For a frame, a DataFrame with a row for each series: series, verdict, low, high, reached, voices (a text with
        commas), doubt, sentence.

    Raises
    ------
    CurveError
        As `AdoptionCurve`.

    Examples
    --------
    >>> import numpy as np
    >>> years = np.arange(2008, 2020)
    >>> users = np.round(60 / (1 + np.exp(-0.8 * (years - 2013))) + 0.4 * np.sin(5 * years), 1)
    >>> found = assess_ceiling(users, years)
    >>> found.verdict, found.sentence
    ('identified', 'ends between 59.4 and 64')
    """
    check_errors(errors)
    if isinstance(endog, pd.DataFrame) and endog.shape[1] != 1:
        if options:
            raise CurveError(f"{min(options)} is for one series: a frame takes bound, errors and launch")
        return _assess_frame(endog, bound, errors, launch)
    return _assess_one(endog, exog, bound, errors, launch, options)


@dataclass
class _FamilyFits:
    """One family under K kinds of errors on N series."""

    fits: list[tuple[Batch, Fit]]
    aicc: np.ndarray  # (N,) under the first kind; infinite where undefined
    deviance: np.ndarray  # (K, N) restricted
    spread: np.ndarray  # (N,) residual standard deviation under the first kind
    flag: np.ndarray  # (N,) what is wrong with the optimum, or ""
    silent: np.ndarray  # (N,) True where the family has nothing of its own to say
    late: np.ndarray  # (K, N) p-values of the last figures' rise above the curve

    def silence(self, where: np.ndarray, reason: str) -> None:
        """Take the voice of the family where it has nothing of its own to say, (N,)."""
        self.flag, self.silent = np.where(where, reason, self.flag), self.silent | where

    def bound(self, wanted: np.ndarray) -> np.ndarray:
        """Ends of the ceiling and the curve at the last date, (3, K, N), where wanted, (K, N); else NaN."""
        low, high = bound_ceilings(self.fits, wanted, ALPHA)
        count = len(self.fits[0][0].family.parameters)
        curves = [fit.ceiling * batch.family.share(np.ones(batch.size), *fit.theta[:count]) for batch, fit in self.fits]
        open_end = np.where(wanted & (self.flag != ""), np.inf, high)
        low = np.where(wanted & (self.flag == NOT_SETTLED), 0.0, low)  # where on a ridge a search stops says nothing
        return np.array([low, open_end, np.where(wanted, curves, np.nan)])


def _fit(batch: Batch, times: np.ndarray, kinds: Sequence[str], root: np.ndarray | None = None) -> _FamilyFits:
    fits = fit_kinds(batch, times, kinds, root)
    first, level = fits[0]
    left, tested = batch.count - count_parameters(batch), batch.target.shape[1] >= MIN_TESTED
    return _FamilyFits(
        fits,
        aicc=corrected_criterion(level.ssr, batch.count, batch.count - left) - 2 * log_roots(first),
        deviance=np.array([restricted_deviance(*each, level) for each in fits]),
        spread=np.sqrt(level.ssr / np.maximum(left, 1)),
        flag=np.where(left > 0, flag_optima(batch.family, level), "as many parameters as figures"),
        silent=left <= 0,
        late=np.array([late_pvalue(*each, LATE_FIGURES) for each in fits]) if tested else np.ones(1),
    )


def _silence_limits(fitted: dict[str, _FamilyFits]) -> None:
    """Flag families whose best curve is another's, which speaks for it; Bass only where it has any launch."""
    for name, other in WITHIN:
        own = fitted.get(name)
        if own is not None and not own.fits[0][0].family.needs_launch:
            same = own.fits[0][1].ssr >= (1 - SAME_CURVE) * fitted[other].fits[0][1].ssr
            own.silence(same, f"its best curve is the {say_name(other)} curve")


def _weigh(fitted: Sequence[_FamilyFits]) -> np.ndarray:
    """Weight of each of F families under each of K kinds of errors, (F, K, N)."""
    aicc, deviance = np.array([each.aicc for each in fitted]), np.array([each.deviance for each in fitted])
    none = ~np.isfinite(aicc).any(axis=0)  # then only kinds of errors are told apart
    base = np.where(none, deviance[:, 0] - deviance.min(axis=1), aicc)
    base[np.array([each.silent for each in fitted])] = np.inf
    score = base[:, None] + deviance - deviance[:, :1]
    weight = np.exp(-np.maximum(score - np.minimum(score.min(axis=(0, 1)), 1e300), 0) / 2)
    return weight / np.maximum(weight.sum(axis=(0, 1)), 1e-300)


def _classify(low: np.ndarray, high: np.ndarray, voiced: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Verdict on each hull, (N,)."""
    with np.errstate(invalid="ignore"):
        closed = voiced & np.isfinite(high) & (low > 0)
        beyond, narrow = closed & (low > bound), voiced & is_narrow(low, high)
        loose = closed & (high <= MAX_RATIO * low)
    return np.select([beyond, narrow, loose], [VERDICTS[3], VERDICTS[0], VERDICTS[1]], VERDICTS[2])


@dataclass
class _Verdicts:
    """What is said of N series by F families under K kinds of errors."""

    weight: np.ndarray  # (F, K, N)
    ends: np.ndarray  # (3, F, K, N): lower and upper ends and curves at the last date
    below: np.ndarray  # (F, N) families that end below the highest figure
    voice: np.ndarray  # (F, K, N)
    table: pd.DataFrame  # verdict, low, high, reached, doubt of each series

    def describe(self, fitted: dict[str, _FamilyFits], kinds: Sequence[str], bound: float) -> Assessment:
        """Everything that is said of the first series."""
        weight, voice, ends = self.weight[..., 0], self.voice[..., 0], self.ends[..., 0]
        counted = any(np.isfinite(each.aicc[0]) for each in fitted.values())
        reasons: dict[str, str] = {}
        rows = []
        for place, (name, each) in enumerate(fitted.items()):
            if each.silent[0]:
                reasons[name] = str(each.flag[0])
            elif self.below[place, 0]:
                reasons[name] = "its interval ends below the highest figure"
            elif not voice[place].any():
                reasons[name] = f"less than {100 * MIN_WEIGHT:g} % of the weight under every kind of errors"
            for at, kind in enumerate(kinds):
                share = round(100 * weight[place, at], 1) if counted else np.nan  # more digits are the search's
                rows.append((name, kind, *ends[:2, place, at], share, str(each.flag[0]), bool(voice[place, at])))
        reasons |= {name: f"fewer than {MIN_LONG} figures" for name in (*CORE, *LONG) if name not in fitted}
        table = pd.DataFrame(rows, columns=["family", "errors", "low", "high", "weight", "flag", "voice"])
        verdict, low, high, reached, doubt = self.table.iloc[0].tolist()
        voices = tuple(name for name in fitted if name not in reasons)
        return Assessment(verdict, low, high, reached, voices, reasons, table, bound, doubt)

    def list_rows(self, names: Sequence[str]) -> pd.DataFrame:
        """A row for each series, with the names of the families that have a voice, and a sentence."""
        spoken = self.voice.any(axis=1).T
        voices = [", ".join(name for name, speaks in zip(names, row, strict=True) if speaks) for row in spoken]
        sentences = [say_verdict(*row[:4]) for row in self.table.itertuples(index=False)]
        return self.table.assign(voices=voices, sentence=sentences)


def _conclude(
    fitted: dict[str, _FamilyFits], values: np.ndarray, bound: np.ndarray, errors: str | None, every: bool
) -> _Verdicts:
    """Verdicts on series with these values, (N, n), oldest first; with `every`, intervals of all families and kinds."""
    _silence_limits(fitted)
    weight = _weigh([*fitted.values()])
    voice = weight >= MIN_WEIGHT
    wanted = voice | every
    ends = np.stack([each.bound(part) for each, part in zip(fitted.values(), wanted, strict=True)], axis=1)
    spread = np.array([each.spread for each in fitted.values()])
    highest = values.max(axis=1)
    lowest = highest - np.minimum(MAX_BELOW * spread, MAX_PART_BELOW * highest)
    below = np.where(voice, ends[1], -np.inf).max(axis=1) < lowest
    below &= voice.any(axis=1)
    voice &= ~below[:, None]
    voiced = voice.any(axis=(0, 1))
    for place, kind in enumerate(list_kinds(errors)[: voice.shape[1]]):
        if kind.startswith("cumulative"):  # errors that add up stay: the series goes on from its last figure
            ends[2, :, place] = np.maximum(ends[2, :, place], values[:, -1])
    low, reached = (np.where(voiced, np.where(voice, ends[place], np.inf).min(axis=(0, 1)), np.nan) for place in (0, 2))
    high = np.where(voiced, np.where(voice, ends[1], -np.inf).max(axis=(0, 1)), np.inf)
    late = np.stack([np.broadcast_to(each.late, voice.shape[1:]) for each in fitted.values()])
    doubt = voiced & (np.where(voice, late, 0.0).max(axis=(0, 1)) < LATE_ALPHA)
    verdict = np.where(doubt, VERDICTS[2], _classify(low, high, voiced, bound))
    table = pd.DataFrame({"verdict": verdict, "low": low, "high": high, "reached": reached})
    wide = (verdict == VERDICTS[2]) & np.isfinite(high)
    table["doubt"] = np.select([doubt, wide], [DOUBT, TOO_WIDE], "")
    return _Verdicts(weight, ends, below, voice, table)


def _assess_one(
    endog: Any,
    exog: Dates | None,
    bound: Bound | None,
    errors: str | None,
    launch: Times | None,
    options: dict[str, Any],
) -> Assessment:
    def make(name: str) -> CurveModel:
        given = options | ({"launch": launch} if FAMILIES[name].needs_launch else {})
        return imply_weights(FAMILIES[name](endog, exog, errors=errors, **given).with_any_launch())

    models = {name: make(name) for name in CORE}
    first = models[CORE[0]]
    if len(first.endog) >= MIN_LONG:
        models |= {name: make(name) for name in LONG}
    kinds = list_kinds(errors, weighted=first.weights is not None)
    years, fitted = first.exog[first.order], {}
    for name, model in models.items():
        root = None if model.weights is None else np.sqrt(model.weights[model.order])
        fitted[name] = _fit(model.batch(), years[None], kinds, root)
    level = np.nan if bound is None else float(_read_bound(bound, exog, endog).bound_at(years[-1]))
    found = _conclude(fitted, first.endog[None, first.order], np.array([level]), errors, every=True)
    return found.describe(fitted, kinds, level)


def _read_bound(bound: Bound, exog: Dates | None, endog: Any) -> Ceiling:
    times = endog.index if exog is None else exog
    return read_ceiling(Share(bound), times)


def _assess_frame(frame: pd.DataFrame, bound: Bound | None, errors: str | None, launch: Times | None) -> pd.DataFrame:
    years, values = decimal_years(frame.index), read_numbers(frame, "the frame").T
    if not np.isfinite(years).all():
        raise CurveError("the index of the frame has a missing date")
    start = None if launch is None else read_launch(launch, is_dated(frame.index))
    order = np.argsort(years, kind="stable")
    seen = np.isfinite(values[:, order])
    if (seen.sum(axis=1) < 2).any():
        raise CurveError(f"{frame.columns[seen.sum(axis=1) < 2][0]}: a curve needs two figures")
    tables = []
    for count in np.unique(seen.sum(axis=1)):
        rows = np.flatnonzero(seen.sum(axis=1) == count)
        place = np.argsort(~seen[rows], axis=1, kind="stable")[:, :count]
        at, own = years[order][place], np.take_along_axis(values[rows][:, order], place, axis=1)
        level = np.nan if bound is None else _read_bound(bound, frame.index, frame).bound_at(at[:, -1])
        for begin in range(0, len(rows), BLOCK):
            part = slice(begin, begin + BLOCK)
            bounds = np.broadcast_to(level, len(rows))[part]
            table = _assess_equals(at[part], own[part], bounds, errors, start)
            tables.append(table.assign(series=frame.columns[rows[part]], place=rows[part]))
    table = pd.concat(tables).sort_values("place", ignore_index=True)
    return table[["series", "verdict", "low", "high", "reached", "voices", "doubt", "sentence"]]


def _assess_equals(
    years: np.ndarray, values: np.ndarray, bound: np.ndarray, errors: str | None, launch: float | None
) -> pd.DataFrame:
    """Rows of the result for series with equally many figures, at years (N, n)."""
    fitted = {}
    for name in (*CORE, *(LONG if values.shape[1] >= MIN_LONG else ())):
        family: type[Family] = FAMILIES[name]
        family = any_launch(family) if family.needs_launch and launch is None else family
        fitted[name] = _fit(prepare(family, years, values, launch=launch), years, list_kinds(errors))
    found = _conclude(fitted, values, bound, errors, every=False)
    return found.list_rows([*fitted])


def say_verdict(verdict: str, low: float, high: float, reached: float) -> str:
    """A verdict in words; see `Assessment`."""
    if verdict == "open":
        return "not known"
    stands = min(reached, high)
    ends = "between {} and {}".format(*round_out(max(low, stands), high, low < stands))
    words = {"identified": "ends ", "depends on the curve": "somewhere ", "beyond the bound": "beyond the bound, "}
    return words[verdict] + ends


def round_out(low: float, high: float, stands: bool = False) -> tuple[str, ...]:
    """Two numbers in as many digits as their distance bears, and at least two, the lower down and the higher up.

    Where the series `stands` at the lower one it has a digit more, so as not to fall below.

    >>> round_out(61.27, 63.8), round_out(52.4, 238.2), round_out(1.21e9, 1.48e9), round_out(93.5, 109.7, True)
    (('61', '64'), ('52', '240'), ('1.2 billion', '1.5 billion'), ('93.5', '110'))
    """
    said = []
    for number, away in ((low, np.floor), (high, np.ceil)):
        width, size = (np.floor(np.log10(max(part, 1e-3 * abs(number), 1e-300))) for part in (high - low, abs(number)))
        unit = 10.0 ** (min(width, size - 1) - (stands and number == low))
        outside = away(round(number / unit, 6)) * unit
        said.append(say_large(outside) or f"{outside:,.{max(0, -round(np.log10(unit)))}f}")
    return tuple(said)
