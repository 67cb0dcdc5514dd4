"""Measure the forecast against its targets on the project's own data, and print a Markdown table."""

import time

import numpy as np
import pandas as pd

from helpers import curves, forecast, indicators
from helpers.forecast import backtest, bands, methods

BEFORE = {0.5: 0.0233706, 1.0: 0.0224491, 2.0: 0.0385982, 3.0: 0.0370789}
"""WIS of the first edition's forecast on these references and origins, by horizon: windows of 4, 6 and 8 points that
end at 5 to 60 % of the bound, each technology judged on the others."""
SEEDS = 20


def main():
    """Print one row per target: what, target, measured, met."""
    references = indicators.load().references()
    seconds, residuals, scored = time_backtest(references)
    rows = [
        *measure_coverage(scored),
        *measure_before(scored),
        measure_skill(scored),
        *measure_late(references, residuals),
        *measure_unbounded(references),
        *measure_identified(references, residuals),
        *measure_errors(references, scored),
        row("full backtest: all methods, windows, scores, comparisons", "3 s", f"{seconds:.1f} s", seconds <= 3),
        measure_forecast(references, residuals),
        *measure_held_out(references, residuals),
    ]
    print("| what | target | measured | met |\n|---|---|---|---|")
    for what, target, measured, met in rows:
        print(f"| {what} | {target} | {measured} | {met} |")


def row(what, target, measured, met=None):
    """A row of the table; ``met`` None means that there is no target."""
    return what, target, measured, "" if met is None else "yes" if met else "no"


def time_backtest(references):
    """Seconds (best of three) for everything notebook 04 computes, the residuals and their scores."""
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        residuals = backtest.run_backtest(references)
        scored = backtest.evaluate(residuals)
        backtest.score(scored)
        backtest.cover_by_technology(scored)
        backtest.cover_by_stage(scored)
        backtest.compare(scored)
        backtest.check_calibration(residuals)
        backtest.count_sides(scored)
        best = min(best, time.perf_counter() - start)
    return best, residuals, scored


def measure_coverage(scored):
    """Coverage and misses by side of the 80 and 95 % bands."""
    sides = backtest.count_sides(scored)
    for level, target, least, most in ((0.8, "77-83 %", 77, 83), (0.95, "-", 0, 100)):
        part = sides[sides["level"] == level].set_index("horizon_years")
        covered = 100 - part["below"] - part["above"]
        near, far = covered[covered.index <= 3].mean(), covered.mean()
        each = ", ".join(
            f"{covered[years]:.0f} ({part['low_covered'][years]:.0f}-{part['high_covered'][years]:.0f}) at {years:g}"
            for years in covered.index
        )
        met = None if target == "-" else least <= near <= most and least <= far <= most
        what = f"{100 * level:g} % band: coverage, mean over 0.5 to 3 years and over 0.5 to 5; by horizon (bootstrap)"
        yield row(what, target, f"{near:.1f} and {far:.1f} %; {each} years", met)
    for level, least, most in ((0.8, 8, 12), (0.95, 1.5, 3.5)):
        below, above = sides.loc[sides["level"] == level, ["below", "above"]].mean()
        measured, met = f"{below:.1f} / {above:.1f} %", least <= below <= most and least <= above <= most
        yield row(f"misses below / above the {100 * level:g} % band", f"{least:g}-{most:g} % each", measured, met)


def measure_before(scored):
    """WIS against the first edition's forecast, on the origins and horizons that it was tested on."""
    mask = (scored["window"] > 3) & (scored["share"] <= 0.6) & (scored["horizon_years"] <= 3)
    own = scored[mask & (scored["method"] == "combined")]
    means = own.groupby(["horizon_years", "technology"])["wis"].mean().groupby("horizon_years").mean()
    ratio = means / pd.Series(BEFORE)
    by_horizon = ", ".join(f"{value:.3f} at {years:g}" for years, value in ratio.items())
    measured = f"{ratio.mean():.3f} and {ratio.max():.3f} ({by_horizon} years)"
    met = ratio.mean() <= 0.98 and ratio.max() <= 1.01
    yield row("WIS against the first edition's: mean over horizons, worst", "0.98; 1.01", measured, met)


def measure_skill(scored):
    """WIS at three years with four points relative to drift, with its bootstrap interval."""
    table = backtest.compare(scored[scored["share"] <= 0.6])
    found = table[(table["window"] == 4) & (table["horizon_years"] == 3) & (table["benchmark"] == "drift")].iloc[0]
    measured = f"{found['wis_relative']:.2f} ({found['low']:.2f}-{found['high']:.2f})"
    what = "WIS at 3 years, 4 points, origins to 60 %, relative to drift with conformal bands"
    return row(what, "0.77", measured, found["wis_relative"] <= 0.77)


def measure_late(references, residuals):
    """Origins at 60 to 98 % of the bound, and a series that stands near its bound."""
    late = bands.judge(residuals, "combined", 0.8)[residuals["share"] > 0.6]
    below, above = (bands.mean_by_technology(late, name) for name in ("below", "above"))
    met = 0.08 <= below <= 0.12 and 0.08 <= above <= 0.12
    measured = f"{100 * below:.1f} / {100 * above:.1f} %"
    yield row("origins of 60 to 98 %: misses below / above the 80 % band", "8-12 % each", measured, met)
    series = indicators.load().series("China", "mobile_internet_users", "internet_users")
    made = forecast.forecast(series, references=references, residuals=residuals)
    lowest = made.quantiles[0.1].min()
    measured = f"{lowest:,.0f} million of {series.values.iloc[-1]:,.0f}"
    yield row("mobile internet: lowest end of the 80 % band in five years", "950 million", measured, lowest > 950)


def measure_unbounded(references):
    """The references as if they had no bound, and a series that trebles each year."""
    residuals = backtest.run_backtest(references, bounded=False)
    judged = bands.judge(residuals, "combined", 0.8)
    means = judged.groupby(["horizon_years", "technology"])["covered"].mean().groupby("horizon_years").mean()
    measured = f"{100 * means.mean():.0f} % ({100 * means.min():.0f}-{100 * means.max():.0f} % by horizon)"
    yield row("no bound: coverage of the 80 % band", "75-85 %", measured, 0.75 <= means.mean() <= 0.85)
    values = pd.Series([1.0, 3, 9, 27], pd.date_range("2020-12-31", periods=4, freq="YE"))
    made = forecast.forecast(values, references=references, residuals=residuals)
    times, most = made.quantiles[0.975].iloc[-1] / 27, (residuals["actual"] / residuals["last"]).max()
    what = "no bound, after 1, 3, 9, 27: 97.5 % quantile at five years, in multiples of the last value"
    yield row(what, f"{most:.1f}, the most that any reference grew by", f"{times:.1f}", times <= most * 1.001)


def measure_identified(references, residuals):
    """Simulated series that have bent: does the forecast stay with the ceiling that they identify?"""
    inside, near, count = 0, 0, 0
    for family, ceiling, rate, midpoint, years, noise in (
        (curves.Logistic, 62, 2.5, 1.2, np.arange(36) / 12, 1.0),
        (curves.Logistic, 40, 2.5, 1.2, np.arange(36) / 12, 1.0),
        (curves.Gompertz, 62, 2.0, 1.2, np.arange(36) / 12, 1.0),
        (curves.Logistic, 62, 1.0, 6.0, np.arange(16.0), 1.0),
        (curves.Gompertz, 45, 0.5, 6.0, np.arange(20.0), 1.0),
    ):
        dates = pd.date_range("2010-12-31", periods=len(years), freq="ME" if years[1] < 1 else "YE")
        share = family.share(years, np.log(rate), np.array(midpoint))
        for seed in range(SEEDS):
            values = np.maximum(ceiling * share + np.random.default_rng(seed).normal(0, noise, len(years)), 0.1)
            series = pd.Series(values, dates)
            fit = family(series, errors="independent").fit()
            if not fit.identified:
                continue
            made = forecast.forecast(series, 100, references, residuals=residuals)
            at_three, at_five = made.at([3.0, 5.0], [0.5])[:, 0]
            later = curves.to_dates([made.windows.years[0, -1] + 5])
            interval = fit.get_prediction(later).summary_frame(0.05).iloc[0]
            inside += interval["obs_ci_lower"] <= at_five <= interval["obs_ci_upper"]
            near, count = near + (abs(at_three / ceiling - 1) <= 0.08), count + 1
    what = "simulated, ceiling identified: median at five years inside the fit's 95 % prediction interval"
    yield row(what, "95 %", f"{100 * inside / count:.0f} % of {count}", inside / count >= 0.95)
    what = "the same: median at three years within 8 % of the true ceiling"
    yield row(what, "all", f"{100 * near / count:.0f} %", near == count)


def measure_errors(references, scored):
    """WIS with a ceiling's likelihood under either kind of errors, the bands calibrated on each anew."""
    usual, kept = methods.ERRORS, scored[scored["method"] == "combined"]
    methods.ERRORS = "cumulative"
    try:
        other = backtest.evaluate(backtest.run_backtest(references)).query("method == 'combined'")
    finally:
        methods.ERRORS = usual
    ratio = mean_wis(other) / mean_wis(kept)
    each = ", ".join(f"{value:.2f} at {years:g}" for years, value in ratio.items())
    what = "WIS with the likelihood under cumulative errors, against that under independent ones, which is used"
    yield row(what, "-", f"{ratio.mean():.3f} ({each} years)")


def mean_wis(scored):
    """Mean WIS by horizon, each technology the same weight."""
    return scored.groupby(["horizon_years", "technology"])["wis"].mean().groupby("horizon_years").mean()


def measure_forecast(references, residuals):
    """Seconds for one forecast with tables, from given residuals."""
    series, best = indicators.load().series("China", "genai_users", "internet_users"), np.inf
    for _ in range(3):
        start = time.perf_counter()
        made = forecast.forecast(series, references=references, residuals=residuals)
        made.frame(), made.scenarios(), made.milestones()
        best = min(best, time.perf_counter() - start)
    return row("one forecast, all methods, scenarios, milestones", "0.3 s", f"{best:.2f} s", best <= 0.3)


def measure_held_out(references, residuals):
    """The technologies held out, from which nothing is learnt; for one look a release."""
    held_out = indicators.load().references(role="held_out")
    table = backtest.score_held_out(residuals, references, held_out)
    own = table[table["method"] == "combined"]
    for window, part in own.groupby("window"):
        covered = ", ".join(f"{100 * each.coverage_80:.0f}" for each in part.itertuples())
        wis = ", ".join(f"{each.wis_relative:.2f}" for each in part.itertuples())
        measured = f"80 % band {covered} %; WIS against drift {wis} ({part['technologies'].max()} technologies)"
        yield row(f"held out, {window} points, at 0.5 to 5 years", "-", measured)


if __name__ == "__main__":
    main()
