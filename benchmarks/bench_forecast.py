"""Measure the forecast against its targets on the project's own data, and print a Markdown table."""

import subprocess
import sys
import time
from unittest.mock import patch

import numpy as np
import pandas as pd

from adoption_curves import forecast, indicators
from adoption_curves.base.words import say_count
from adoption_curves.forecast import backtest, model, scores
from adoption_curves.forecast.rivals import RIVALS


def main():
    """Print one row per target: what, target, measured, met."""
    references = indicators.load().references()
    seconds, calibrated, scored = time_backtest(references)
    found = [
        *measure_coverage(scored),
        measure_skill(scored),
        measure_half_pace(references),
        *measure_late(references, scored),
        *measure_unbounded(references),
        row("full backtest: all methods, windows, scores, comparisons", "2.5 s", f"{seconds:.1f} s", seconds <= 2.5),
        *measure_forecast(),
        *measure_held_out(references, calibrated),
    ]
    print("| what | target | measured | met |\n|---|---|---|---|")
    for what, target, measured, met in found:
        print(f"| {what} | {target} | {measured} | {met} |")


def row(what, target, measured, met=None):
    """A row of the table; ``met`` None means that there is no target."""
    return what, target, measured, "" if met is None else "yes" if met else "no"


def time_backtest(references):
    """Seconds (best of three) for everything notebook 04 computes; calibrations of all methods, and their scores."""
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        calibrated = scores.calibrate(backtest(references, rivals=True))
        scored = scores.evaluate(calibrated)
        scores.score(scored)
        scores.cover_by_technology(scored)
        scores.cover_by_stage(scored)
        scores.compare_methods(scored)
        scores.check_calibration(calibrated)
        scores.count_sides(scored)
        best = min(best, time.perf_counter() - start)
    return best, calibrated, scored


def measure_coverage(scored):
    """Coverage and misses by side of the 80 and 90% ranges, every horizon by itself."""
    sides = scores.count_sides(scored)
    for part in sides[sides["level"] == 0.8].itertuples():
        covered = 100 - part.below - part.above
        interval = f"{covered:.0f}% ({part.low_covered:.0f}-{part.high_covered:.0f}; {part.technologies} technologies)"
        met = part.low_covered <= 80 <= part.high_covered and all(4 <= side <= 18 for side in (part.below, part.above))
        what = f"80% range at {say_count(part.horizon_years, 'year')}: coverage (bootstrap by technology); below, above"
        target = "interval contains 80; 4-18% each"
        yield row(what, target, f"{interval}; {part.below:.1f}, {part.above:.1f}%", met)
    wide = sides[sides["level"] == 0.9].set_index("horizon_years")
    each = "; ".join(f"{part.below:.1f}, {part.above:.1f} at {years:g}" for years, part in wide.iterrows())
    measured = f"{wide['below'].mean():.1f}; {wide['above'].mean():.1f}% (at each horizon: {each} years)"
    yield row("90% range: outcomes below, above; means", "5% each", measured)


def measure_skill(scored):
    """WIS at three years with four points relative to a straight line, with its bootstrap interval."""
    table = scores.compare_methods(scored[scored["share"] <= 0.6])
    found = table[(table["window"] == 4) & (table["horizon_years"] == 3) & (table["benchmark"] == scores.BASE)].iloc[0]
    measured = f"{found['wis_relative']:.2f} ({found['low']:.2f}-{found['high']:.2f})"
    what = "WIS at 3 years, 4 points, origins to 60%, relative to a straight line"
    return row(what, "0.77", measured, found["wis_relative"] <= 0.77)


def measure_half_pace(references):
    """WIS over that of a rule of thumb, all windows together; each technology is left out, and all weigh alike."""
    with patch.dict(RIVALS, {"half_pace": go_half_as_fast}):
        calibrated = scores.calibrate(backtest(references, rivals=True))
    both = {name: calibrated[name] for name in (scores.FORECAST, "half_pace")}
    means = scores.evaluate(both, [0.8]).groupby(["horizon_years", "method", "technology"])["wis"].mean()
    pairs = {years: (means[years, scores.FORECAST], means[years, "half_pace"]) for years in means.index.levels[0]}
    ratios = [(years, *bootstrap(*pair)) for years, pair in pairs.items()]
    each = "; ".join(f"{ratio:.3f} ({low:.2f}-{high:.2f}) at {years:g}" for years, ratio, low, high in ratios)
    return row("WIS relative to half of the mean pace, bootstrap over technologies", "-", f"{each} years")


def go_half_as_fast(t, y, limit, h, ahead):
    """Half of the mean change a year goes on, within 0 and the limit; arguments as in `rivals`."""
    return np.clip(y[:, -1:] + model.measure_steps(t, y)[0][:, None] / 2 * h, 0, ahead)


def measure_late(references, scored):
    """Origins at 60 to 98% of the limit, and a series that stands near its bound."""
    late = scored.query("method == @scores.FORECAST and level == 0.8 and share > 0.6")
    below, above = late.groupby("technology")[["below", "above"]].mean().mean()
    met = 0.08 <= below <= 0.12 and 0.08 <= above <= 0.12
    measured = f"{100 * below:.1f} / {100 * above:.1f}%"
    yield row("origins of 60 to 98%: misses below / above the 80% range", "8-12% each", measured, met)
    series = indicators.load().series("China", "mobile_internet_users", "internet_users")
    result = forecast.forecast(series, references=references)
    lowest = result.quantiles[0.1].min()
    measured = f"{lowest:,.0f} million of {series.values.iloc[-1]:,.0f}"
    yield row("mobile internet: lowest end of the 80% range in five years", "950 million", measured, lowest > 950)


def measure_unbounded(references):
    """The references as if they had no limit, and a series that trebles each year."""
    rows = backtest(references, bounded=False)
    judged = scores.evaluate(scores.calibrate(rows), [0.8], scored=False)
    means = judged.groupby(["horizon_years", "technology"])["covered"].mean().groupby("horizon_years").mean()
    measured = f"{100 * means.mean():.0f}% ({100 * means.min():.0f}-{100 * means.max():.0f}% by horizon)"
    yield row("no limit: coverage of the 80% range", "75-85%", measured, 0.75 <= means.mean() <= 0.85)
    fast = judged[judged["growth"] >= scores.FAST].groupby(["horizon_years", "technology"])["covered"].mean()
    each = "; ".join(
        f"{100 * covered:.0f} ({100 * low:.0f}-{100 * high:.0f}) at {years:g}"
        for years, (covered, low, high) in ((years, bootstrap(fast.loc[years], 1)) for years in (1.0, 3.0, 5.0))
    )
    what = "no limit, growth by 1.6 or more in the window: coverage of the 80% range"
    yield row(
        what, "70% or more", f"{each} years", fast.loc[[1.0, 3.0, 5.0]].groupby("horizon_years").mean().min() >= 0.7
    )
    values = pd.Series([1.0, 3, 9, 27], pd.date_range("2020-12-31", periods=4, freq="YE"))
    result = forecast.forecast(values, references=references)
    times, most = result.quantiles[0.95].iloc[-1] / 27, (rows["actual"] / rows["last"]).max()
    what = "no limit, after 1, 3, 9, 27: 95% quantile at five years, in multiples of the last value"
    yield row(what, f"{most:.1f}, the most that any reference grew by", f"{times:.1f}", times <= most * 1.001)


def bootstrap(own, other):
    """Mean over technologies of one row each, over that of another, with its 95% interval from drawing them anew."""
    own, other = np.asarray(own, float), np.broadcast_to(np.asarray(other, float), len(own))
    drawn = np.random.default_rng(0).integers(0, len(own), (2000, len(own)))
    ratios = own[drawn].mean(axis=1) / other[drawn].mean(axis=1)
    return own.mean() / other.mean(), *np.quantile(ratios, (0.025, 0.975))


FIVE_LINES = """
import time
import pandas as pd
from adoption_curves import forecast

years = pd.to_datetime([f"{year}-12-31" for year in range(2016, 2026)])
users = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=years)
for _ in range(3):
    began = time.process_time()
    result = forecast.forecast(users, bound=100)
    result.quantiles
    asked = time.process_time()
    result.frame(), result.milestones(), result.probability()
    print(asked - began, time.process_time() - began)
"""
"""What README calls, thrice in a process of its own: processor seconds of the quantiles, and with all tables."""
MANY = 1000


def measure_forecast():
    """Processor seconds of a forecast as README calls it, and of forecasts of many series."""
    done = subprocess.run([sys.executable, "-c", FIVE_LINES], check=True, capture_output=True, text=True)
    (first, _), *further = (map(float, line.split()) for line in done.stdout.splitlines())
    further, tables = (min(each) for each in zip(*further, strict=True))
    what = "forecast.forecast(users, bound=100).quantiles, first call of a process; further"
    measured = f"{first:.2f}; {further:.2f} s of processor time, without imports"
    yield row(what, "3; 0.15 s", measured, first <= 3 and further <= 0.15)
    yield row(
        "the same, further, with its table, milestones and probabilities", "0.15 s", f"{tables:.2f} s", tables <= 0.15
    )
    draw, years = np.random.default_rng(0), np.arange(10)
    dates = pd.date_range("2016-12-31", periods=len(years), freq="YE")
    courses = [60 / (1 + np.exp(-0.7 * (years - middle))) for middle in draw.normal(5, 1, MANY)]
    began = time.process_time()
    for course in courses:
        forecast.forecast(pd.Series(course, dates), bound=100).frame()
    seconds = time.process_time() - began
    yield row(f"forecasts of {MANY:,} series, with their frames", "3 min", f"{seconds:.0f} s", seconds <= 180)


def measure_held_out(references, calibrated):
    """The technologies held out, from which nothing is learnt; for one look a release."""
    held_out = indicators.load().references(role="held_out")
    table = scores.score_held_out(calibrated, references, held_out)
    own = table[table["method"] == scores.FORECAST]
    for window, part in own.groupby("window"):
        years = ", ".join(f"{each:g}" for each in part["horizon_years"])
        covered, wide = (", ".join(f"{100 * each:.0f}" for each in part[name]) for name in scores.COVERAGES[1:])
        wis = ", ".join(f"{each:.2f}" for each in part["wis_relative"])
        measured = f"80% range {covered}%; 90% range {wide}%; WIS against a straight line {wis}"
        what = f"held out, {window} points, at {years} years ({part['technologies'].max()} technologies at most)"
        yield row(what, "-", measured)


if __name__ == "__main__":
    main()
