"""Measure the forecast against its targets on the project's own data, and print a Markdown table."""

import time

import numpy as np
import pandas as pd

from helpers import forecast, indicators
from helpers.forecast import backtest, bands

POOLED = ("method", "horizon_years")


def main():
    """Print one row per target: what, target, measured, met."""
    references = indicators.load().references()
    seconds, residuals, scored = time_backtest(references)
    rows = [
        *measure_coverage(scored),
        measure_worst(scored),
        *measure_skill(scored),
        *measure_best(scored),
        row("full backtest: all methods, windows, scores, comparisons", "3 s", f"{seconds:.1f} s", seconds <= 3),
        *measure_beyond(references, residuals),
        measure_forecast(references, residuals),
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
        best = min(best, time.perf_counter() - start)
    return best, residuals, scored


def measure_coverage(scored):
    """Average coverage over the four horizons, windows pooled and each window."""
    pooled = backtest.score(scored, POOLED).query("method == 'combined'")
    windows = backtest.score(scored).query("method == 'combined'").groupby("window")
    for level, low, high in ((80, 0.77, 0.83), (95, 0.93, 0.97)):
        name = f"coverage_{level}"
        mean, single = pooled[name].mean(), pooled.set_index("horizon_years")[name]
        by_horizon = ", ".join(f"{100 * value:.0f} at {horizon:g}" for horizon, value in single.items())
        by_window = ", ".join(f"{100 * part[name].mean():.0f} with {window}" for window, part in windows)
        measured = f"{100 * mean:.1f} % ({by_horizon} years; {by_window} points)"
        target, met = f"{100 * low:.0f}-{100 * high:.0f} %", low <= mean <= high
        yield row(f"{level} % band, average coverage 0.5-3 years", target, measured, met)


def measure_worst(scored):
    """The technology that the 80 % band covers worst at two years, and those with too few forecasts to say."""
    table = backtest.find_worst(scored)
    worst = table[table["enough"]].iloc[0]
    few = table[~table["enough"] & (table["coverage_80"] < worst["coverage_80"])]
    rest = "; ".join(f"{each.technology} {each.coverage_80 * each.n:.0f} of {each.n}" for each in few.itertuples())
    measured = f"{worst['technology']}: {100 * worst['coverage_80']:.0f} % of {worst['n']}"
    measured += f" (too few to judge: {rest})" if rest else ""
    what = f"worst technology with {backtest.MIN_FORECASTS} forecasts or more, 80 % band at 2 years"
    return row(what, "60 %", measured, worst["coverage_80"] >= 0.6)


def measure_skill(scored):
    """WIS at three years with four points relative to drift, with its bootstrap interval."""
    table = backtest.compare(scored).query("window == 4 and horizon_years == 3").set_index("benchmark")
    for benchmark, kind in (("drift", "conformal"), (backtest.NORMAL_DRIFT, "its own normal")):
        ratio, low, high = table.loc[benchmark, ["wis_relative", "low", "high"]]
        measured = f"{ratio:.2f} ({low:.2f}-{high:.2f})"
        yield row(f"WIS at 3 years, 4 points, relative to drift with {kind} bands", "0.80", measured, ratio <= 0.8)


def measure_best(scored):
    """WIS relative to the best benchmark at each horizon: windows pooled, and the worst single window."""
    pooled, _ = relative_to_best(scored, POOLED)
    by_horizon = ", ".join(f"{value:.2f} at {horizon:g}" for horizon, value in pooled.items())
    what = "WIS relative to the best of last value, drift, damped drift"
    yield row(what, "1.02", f"{by_horizon} years", pooled.max() <= 1.02)
    single, technologies = relative_to_best(scored, ("method", "window", "horizon_years"))
    place = single.idxmax()
    measured = f"{single.max():.2f} with {place[0]} points at {place[1]:g} years ({technologies[place]} technologies)"
    yield row("the same, worst single window and horizon", "1.02", measured, single.max() <= 1.02)


def relative_to_best(scored, by):
    """Ratio of WIS to the smallest of the benchmarks', and the number of technologies, by the other labels."""
    table, keys = backtest.score(scored, by), list(by[1:])
    own = table[table["method"] == "combined"].set_index(keys)
    best = table[table["method"].isin(backtest.BENCHMARKS)].groupby(keys)["wis"].min()
    return own["wis"] / best, own["technologies"]


def measure_beyond(references, residuals):
    """Coverage where the calibration was not made: three, five and seven points, and five to ten years ahead."""
    parts = {
        "3, 5 and 7 points": forecast.find_residuals(references, windows=(3, 5, 7)),
        "5 to 10 years ahead": forecast.find_residuals(references, horizons=(5.0, 7.0, 10.0)),
    }
    for words, table in parts.items():
        calibrated = pd.concat([residuals.assign(part="calibration"), table.assign(part="beyond")], ignore_index=True)
        found = {level: cover_beyond(calibrated, level) for level in (0.8, 0.95)}
        measured = ", ".join(f"{100 * value:.0f} %" for value in found.values())
        yield row(f"80 % and 95 % bands for {words}, none of it calibrated", "-", measured)


def cover_beyond(table, level):
    """Average coverage of the rows that took no part in the calibration, technologies left out as always."""
    ends, covered = ((1 - level) / 2, (1 + level) / 2), []
    beyond = table[table["part"] == "beyond"]
    for technology in beyond["technology"].unique():
        known = bands.leave_out(table[table["part"] == "calibration"], technology)
        rows, calibration = beyond[beyond["technology"] == technology], bands.calibrate(known, "combined")
        point, unit, actual = (rows[name].to_numpy(float) for name in ("combined", "unit_ahead", "actual"))
        spread, score_quantile = calibration.spread(bands.components_of(rows)), calibration.score_quantile(ends)
        found = bands.band_quantiles(point, unit, spread, score_quantile, bands.link_of(rows))
        inside = (actual >= found[:, 0]) & (actual <= found[:, 1])
        covered.append(rows[["technology", "window", "horizon_years"]].assign(covered=inside))
    covered = pd.concat(covered)
    means = covered.groupby(["horizon_years", "technology"])["covered"].mean()
    return means.groupby("horizon_years").mean().mean()


def measure_forecast(references, residuals):
    """Seconds for one forecast with tables, from given residuals."""
    series = indicators.load().series("China", "genai_users", "internet_users")
    start = time.perf_counter()
    made = forecast.forecast(series, references=references, residuals=residuals)
    made.frame(), made.scenarios(), made.milestones()
    return row("one forecast, all methods, scenarios, milestones", "-", f"{time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
