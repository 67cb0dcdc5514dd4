"""Measure the forecast against its targets on the project's own data, and print a Markdown table."""

import time

import numpy as np
import pandas as pd

from helpers import curves, forecast, indicators
from helpers.forecast import backtest, bands, methods, paths, rolling, scores, windows

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
        measure_steps(references),
        measure_free_ceilings(references),
        *measure_newer(residuals),
        *measure_reaching(residuals),
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
        residuals = backtest(references)
        scored = scores.evaluate(residuals)
        scores.score(scored)
        scores.cover_by_technology(scored)
        scores.cover_by_stage(scored)
        scores.compare(scored)
        scores.check_calibration(residuals)
        scores.count_sides(scored)
        best = min(best, time.perf_counter() - start)
    return best, residuals, scored


def measure_coverage(scored):
    """Coverage and misses by side of the 80 and 95 % bands."""
    sides = scores.count_sides(scored)
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
    table = scores.compare(scored[scored["share"] <= 0.6])
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
    residuals = backtest(references, bounded=False)
    judged = bands.judge(residuals, "combined", 0.8)
    means = judged.groupby(["horizon_years", "technology"])["covered"].mean().groupby("horizon_years").mean()
    measured = f"{100 * means.mean():.0f} % ({100 * means.min():.0f}-{100 * means.max():.0f} % by horizon)"
    yield row("no bound: coverage of the 80 % band", "75-85 %", measured, 0.75 <= means.mean() <= 0.85)
    values = pd.Series([1.0, 3, 9, 27], pd.date_range("2020-12-31", periods=4, freq="YE"))
    made = forecast.forecast(values, references=references, residuals=residuals)
    times, most = made.quantiles[0.975].iloc[-1] / 27, (residuals["actual"] / residuals["last"]).max()
    what = "no bound, after 1, 3, 9, 27: 97.5 % quantile at five years, in multiples of the last value"
    yield row(what, f"{most:.1f}, the most that any reference grew by", f"{times:.1f}", times <= most * 1.001)


def measure_steps(references):
    """WIS without a bound where later steps count more, against all steps alike."""
    weighted, usual = mean_wis(scores.evaluate(backtest(references, bounded=False))), windows.HALF_LIFE
    windows.HALF_LIFE = np.inf
    try:
        alike = mean_wis(scores.evaluate(backtest(references, bounded=False)))
    finally:
        windows.HALF_LIFE = usual
    ratio = weighted / alike
    each = ", ".join(f"{value:.2f} at {years:g}" for years, value in ratio.items())
    return row(
        "no bound: WIS with later steps counting more, against all alike", "1", f"{ratio.mean():.3f} ({each} years)"
    )


def measure_free_ceilings(references):
    """How far to believe an identified ceiling: windows of eight whose logistic curve ends below twice the last."""
    frame, seen, ahead, place = rolling.roll(references, 8, rolling.HORIZONS, False)
    points = methods.combined(methods.Origin(seen, methods.Prior(0.0, 1.0)), ahead)[place]
    known, rows = seen.all_points, []
    for window in np.flatnonzero(~seen.past_peak):
        there = np.isfinite(known.values[window])
        values, years = known.values[window][there], known.years[window][there]
        fit = curves.Logistic(values, years).fit()
        high = fit.conf_int(0.05, method="profile").loc["ceiling"].iloc[1]
        if not fit.identified or high > 2 * values[-1]:
            continue
        for number in np.flatnonzero(place[0] == window):
            curve = np.asarray(fit.predict(years[-1] + np.r_[0, frame["years"].iloc[number]]))
            ends = np.r_[values[-1] + max(curve[1] - curve[0], 0), points[number]]
            missed = np.abs(np.log(ends / frame["actual"].iloc[number]))
            rows.append(
                (*frame.loc[number, ["technology", "horizon_years"]], *missed, frame["actual"].iloc[number] > high)
            )
    judged = pd.DataFrame(rows, columns=["technology", "horizon_years", "curve", "forecast", "beyond"])
    mean = judged.groupby(["horizon_years", "technology"]).mean().groupby("horizon_years").mean()
    beyond = ", ".join(f"{100 * share:.0f} at {years:g}" for years, share in mean["beyond"].items())
    measured = f"{beyond} years; the curve's error {(mean['curve'] / mean['forecast']).mean():.1f} times the forecast's"
    what = "no bound, eight points and more, logistic ceiling identified: outcomes above its 95 % interval, percent"
    return row(what, "-", f"{measured} ({judged['technology'].nunique()} technologies)")


def measure_newer(residuals):
    """WIS and coverage where the figure of the first horizon is known to within a bound 3 % below it, against without.

    Each technology is judged with calibration and correlation from the others; at most 60 origins of one count.
    """
    errors, levels = bands.Errors(residuals, "combined"), [*bands.REPORTED_QUANTILES]
    every, rows = (np.arange(1000) + 0.5) / 1000, []
    for technology in residuals["technology"].unique():
        mine = (residuals["technology"] == technology).to_numpy()
        calibration = errors.calibrate(~mine)
        decay = paths.fit_decay(paths.correlate_errors(residuals[~mine], "combined"))
        own = residuals[mine].reset_index(names="row")
        for first in (0.5, 1.0):
            pairs = own[own["horizon_years"] == first].merge(own, on=paths.SAME_ORIGIN, suffixes=("", "_later"))
            pairs = pairs[pairs["horizon_years_later"] > first].reset_index(drop=True)
            pairs = pairs.iloc[np.unique(np.linspace(0, len(pairs) - 1, 60).astype(int))] if len(pairs) else pairs
            for pair in pairs.itertuples():
                near, far = ([number] for number in (pair.row, pair.row_later))
                margin = calibration.quantiles(errors.cases.take(near), errors.point[near], every)[0]
                limit = (pair.years, np.searchsorted(margin, 0.97 * pair.actual) / len(every), 1.0)
                ranks, share = paths.sift((pair.years_later,), decay, (limit,), 2**12)
                both = (np.array(levels)[None], paths.levels_within(ranks, levels))
                found = [calibration.quantiles(errors.cases.take(far), errors.point[far], each)[0] for each in both]
                wis = [scores.quantile_score(np.array([pair.actual_later]), each[None], levels)[0] for each in found]
                covered = [each[1] <= pair.actual_later <= each[5] for each in found]
                size = np.array(wis) / pair.unit
                rows.append((technology, first, pair.horizon_years_later, share < paths.LEAST_KEPT, *size, *covered))
    names = ["technology", "first", "later", "refuted", "wis", "wis_newer", "covered", "covered_newer"]
    means = pd.DataFrame(rows, columns=names).groupby(["first", "later", "technology"]).mean()
    means = means.groupby(["first", "later"]).mean()
    for first, part in means.groupby("first"):
        ratios = part["wis_newer"] / part["wis"]
        by_horizon = ", ".join(f"{ratio:.2f} at {later:g}" for (_, later), ratio in ratios.items())
        covered = (
            f"80 % band {100 * part['covered_newer'].mean():.0f} % (without: {100 * part['covered'].mean():.0f} %)"
        )
        measured = f"WIS {by_horizon} years; {covered}; refuted {100 * part['refuted'].mean():.0f} %"
        known = f"a bound 3 % below the figure {first:g} year{'s' if first != 1 else ''} on is known"
        what = f"{known}: later forecasts against those without it"
        yield row(what, "-", measured)


def measure_reaching(residuals):
    """How often shares of the bound were reached at 1, 2, 3 or 5 years, against the share of paths that reach them.

    Each technology is judged with calibration and correlation from the others; at most 80 origins of one count. The
    shares are those that a half, and a quarter, of the paths lie above after five years.
    """
    errors, horizons, rows = bands.Errors(residuals, "combined"), (1.0, 2.0, 3.0, 5.0), []
    for technology in residuals["technology"].unique():
        mine = (residuals["technology"] == technology).to_numpy()
        calibration = errors.calibrate(~mine)
        decay = paths.fit_decay(paths.correlate_errors(residuals[~mine], "combined"))
        ranks, _ = paths.sift(horizons, decay, (), 2**11)
        own = residuals[mine].reset_index(names="row")
        own = own[own["horizon_years"].isin(horizons)].sort_values("horizon_years")
        origins = [part for _, part in own.groupby(paths.SAME_ORIGIN) if len(part) == len(horizons)]
        kept = np.unique(np.linspace(0, len(origins) - 1, 80).astype(int)) if origins else []
        for part in (origins[place] for place in kept):
            places = part["row"].to_numpy()
            made = calibration.quantiles(errors.cases.take(places), errors.point[places], ranks.T)
            made, came = made / part[["unit_ahead"]].to_numpy(), (part["actual"] / part["unit_then"]).max()
            for level in (0.5, 0.75):
                share = np.quantile(made[-1], level)
                if share > part["share"].iloc[0]:
                    rows.append((technology, level, (made >= share).any(axis=0).mean(), came >= share))
    found = pd.DataFrame(rows, columns=["technology", "level", "said", "came"])
    means = found.groupby(["level", "technology"]).mean().groupby("level").mean()
    said = " and ".join(f"{100 * each.came:.0f} % ({100 * each.said:.0f} % said)" for each in means.itertuples())
    what = (
        "shares of the bound that half, and a quarter, of the paths reach by the fifth year: how often reached by then"
    )
    yield row(what, "-", said)


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
    usual = methods.ERRORS
    methods.ERRORS = "cumulative"
    try:
        other = scores.evaluate(backtest(references))
    finally:
        methods.ERRORS = usual
    ratio = mean_wis(other) / mean_wis(scored)
    each = ", ".join(f"{value:.2f} at {years:g}" for years, value in ratio.items())
    what = "WIS with the likelihood under cumulative errors, against that under independent ones, which is used"
    yield row(what, "-", f"{ratio.mean():.3f} ({each} years)")


def mean_wis(scored):
    """Mean WIS of the published forecast by horizon, each technology the same weight."""
    return (
        scored[scored["method"] == forecast.PUBLISHED]
        .groupby(["horizon_years", "technology"])["wis"]
        .mean()
        .groupby("horizon_years")
        .mean()
    )


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
    table = scores.score_held_out(residuals, references, held_out)
    own = table[table["method"] == "combined"]
    for window, part in own.groupby("window"):
        covered = ", ".join(f"{100 * each.coverage_80:.0f}" for each in part.itertuples())
        wis = ", ".join(f"{each.wis_relative:.2f}" for each in part.itertuples())
        measured = f"80 % band {covered} %; WIS against drift {wis} ({part['technologies'].max()} technologies)"
        yield row(f"held out, {window} points, at 0.5 to 5 years", "-", measured)


if __name__ == "__main__":
    main()
