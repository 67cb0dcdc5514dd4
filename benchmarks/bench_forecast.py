"""Measure the forecast against its targets on the project's own data, and print a Markdown table."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers import curves, forecast, indicators
from helpers.base.wording import say_count
from helpers.forecast import backtest, bands, coverage, lessons, methods, paths, rolling, scores, windows
from helpers.forecast.forecasting import forecast_target
from helpers.forecast.targets import read_target

BEFORE = {0.5: 0.0163178, 1.0: 0.0201637, 2.0: 0.0357697, 3.0: 0.041209, 5.0: 0.0516033}
"""WIS of release 0.2's forecast, a weighted mean of paths, on these references and origins, by horizon."""
LEVELS_TRIED = np.unique(np.r_[0.001, 0.0025, 0.005, np.arange(1, 50) / 100, 0.5])
"""Levels up to the median at which the mean of uncorrected members is known where it is calibrated once more."""
SEEDS = 20


def main():
    """Print one row per target: what, target, measured, met."""
    references = indicators.load().references()
    seconds, residuals, scored = time_backtest(references)
    rows = [
        *measure_coverage(scored),
        measure_before(scored),
        *measure_calibrations(residuals),
        measure_paths(residuals),
        measure_skill(scored),
        *measure_late(references, residuals),
        *measure_unbounded(references),
        *measure_far(references),
        measure_steps(references),
        measure_free_ceilings(references),
        *measure_few(references),
        *measure_falls(references),
        *measure_newer(residuals),
        *measure_reaching(residuals),
        *measure_identified(references, residuals),
        *measure_dense(references, residuals),
        *measure_errors(references, scored),
        row("full backtest: all methods, windows, scores, comparisons", "2.5 s", f"{seconds:.1f} s", seconds <= 2.5),
        *measure_forecast(),
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
    """Coverage and misses by side of the 80 and 95 % bands, every horizon by itself."""
    sides = scores.count_sides(scored)
    for part in sides[sides["level"] == 0.8].itertuples():
        covered = 100 - part.below - part.above
        interval = f"{covered:.0f} % ({part.low_covered:.0f}-{part.high_covered:.0f}; {part.technologies} technologies)"
        met = part.low_covered <= 80 <= part.high_covered and all(4 <= side <= 18 for side in (part.below, part.above))
        what = f"80 % band at {say_count(part.horizon_years, 'year')}: coverage (bootstrap by technology); below, above"
        target = "interval contains 80; 4-18 % each"
        yield row(what, target, f"{interval}; {part.below:.1f}, {part.above:.1f} %", met)
    wide = sides[sides["level"] == 0.95].set_index("horizon_years")
    each = "; ".join(f"{part.below:.1f}, {part.above:.1f} at {years:g}" for years, part in wide.iterrows())
    below, above, last = wide["below"].mean(), wide["above"].mean(), wide["above"].loc[5.0]
    measured = f"{above:.1f}; {last:.1f}; {below:.2f} % (below, above: {each} years)"
    what = "95 % band: outcomes above, mean; at five years; below, mean"
    yield row(what, "4.2; 7.5; 0.3-3 %", measured, above <= 4.2 and last <= 7.5 and 0.3 <= below <= 3)


def measure_before(scored):
    """WIS against release 0.2's forecast on the same origins."""
    ratio = mean_wis(scored) / pd.Series(BEFORE)
    by_horizon = ", ".join(f"{value:.3f} at {years:g}" for years, value in ratio.items())
    measured = f"{ratio.mean():.3f}; {ratio.max():.3f} ({by_horizon} years)"
    met = ratio.mean() <= 1.03 and ratio.max() <= 1.06
    return row("WIS against release 0.2's weighted mean: mean over horizons; worst", "1.03; 1.06", measured, met)


def measure_calibrations(residuals):
    """The two ways to correct the mean of quantiles for a finite sample, each technology judged on the others."""
    levels, records = np.array(bands.REPORTED_QUANTILES), bands.Records(residuals)
    unit, found = residuals["unit"].to_numpy(), np.empty((len(residuals), len(levels)))
    once = found.copy()
    for number, technology in enumerate(residuals["technology"].unique()):
        own = (residuals["technology"] == technology).to_numpy()
        members = {name: records[name].left_out[number] for name in methods.MEMBERS}
        found[own] = mean_members(residuals[own], members, levels)
        plain = {name: replace(each, count=np.inf) for name, each in members.items()}
        inner = measure_ranks(residuals[~own], plain)
        order, weights = np.argsort(inner, kind="stable"), bands.weigh_technologies(residuals[~own])
        steps = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
        wanted = np.minimum(np.abs(2 * levels - 1) * (1 + 1 / residuals[~own]["technology"].nunique()), 1)
        ranks = np.interp(wanted, np.r_[0, steps], np.r_[0, inner[order]])
        once[own] = mean_members(residuals[own], plain, 0.5 + np.sign(levels - 0.5) * ranks / 2)
    for what, each in (
        ("each member corrected (published)", found),
        ("members plain, their mean calibrated once", once),
    ):
        actual = residuals["actual"].to_numpy()
        judged = residuals[["technology", "horizon_years"]].assign(
            wis=scores.quantile_score(actual, each, levels) / unit,
            below=actual < each[:, 0],
            above=actual > each[:, -1],
        )
        means = judged.groupby(["horizon_years", "technology"]).mean().groupby("horizon_years").mean()
        ratio, sides = means["wis"] / pd.Series(BEFORE), 100 * means[["below", "above"]].mean()
        measured = f"{ratio.mean():.3f}; {ratio.max():.3f}; {sides['below']:.1f}, {sides['above']:.1f} %"
        yield row(f"{what}: WIS against release 0.2, mean; worst; below, above the 95 % band", "-", measured)


def mean_members(rows, members, levels):
    """Quantiles (R, Q) of the published forecast of residual rows from calibrations of its members."""
    cases = bands.Cases.of(rows)
    parts = [each.quantiles(cases, rows[name].to_numpy(float), levels) for name, each in members.items()]
    return sum(parts) / len(parts)


def measure_ranks(rows, members):
    """How far out each outcome lies in the mean of its members' quantiles: 0 at the median, 1 beyond all."""
    levels = np.r_[LEVELS_TRIED, 1 - LEVELS_TRIED[-2::-1]]
    found = mean_members(rows, members, levels)
    ranks = [np.interp(value, quantiles, levels) for value, quantiles in zip(rows["actual"], found, strict=True)]
    return np.abs(2 * np.array(ranks) - 1)


def measure_paths(residuals):
    """Variogram score of joint paths from each origin, against that of the rule as release 0.2 fitted it."""
    records, horizons, judged = bands.Records(residuals), np.array(rolling.HORIZONS), []
    for technology in residuals["technology"].unique():
        known = lessons.Lessons(records, pd.DataFrame(), technology)
        members = {name: known.calibration(name) for name in methods.MEMBERS}
        others = (residuals["technology"] != technology).to_numpy()
        scored = sum(records[name].normal_scores(each) for name, each in members.items())[others] / len(members)
        before = paths.fit_decay(paths.correlate_scores(residuals[others], scored, len(horizons)))
        own = residuals[~others].reset_index(drop=True)
        drawn = []
        for decay in (known.decay, before):
            ranks, _ = paths.sift(tuple(horizons), decay, (), 2**8)
            place = np.searchsorted(horizons, own["horizon_years"])
            drawn.append(mean_members(own, members, ranks.T[place]) / own[["unit"]].to_numpy())
        actual = (own["actual"] / own["unit"]).to_numpy()
        for rows in own.groupby(paths.SAME_ORIGIN).indices.values():
            if len(rows) > 1:
                found = [scores.variogram_score(actual[rows], each[rows].T) / len(rows) ** 2 for each in drawn]
                judged.append((technology, *found))
    means = pd.DataFrame(judged, columns=["technology", "now", "before"]).groupby("technology").mean()
    picked = np.random.default_rng(0).integers(0, len(means), (2000, len(means)))
    now, before = (means[name].to_numpy() for name in ("now", "before"))
    low, high = np.quantile(now[picked].mean(axis=1) / before[picked].mean(axis=1), (0.025, 0.975))
    measured = f"{now.mean() / before.mean():.3f} ({low:.3f}-{high:.3f}, bootstrap by technology)"
    what = "variogram score of paths, correlation measured on the same origins, against measured on any"
    return row(what, "1.00 or less", measured, now.mean() <= before.mean())


def measure_skill(scored):
    """WIS at three years with four points relative to drift, with its bootstrap interval."""
    table = scores.compare(scored[scored["share"] <= 0.6])
    found = table[(table["window"] == 4) & (table["horizon_years"] == 3) & (table["benchmark"] == "drift")].iloc[0]
    measured = f"{found['wis_relative']:.2f} ({found['low']:.2f}-{found['high']:.2f})"
    what = "WIS at 3 years, 4 points, origins to 60 %, relative to drift with conformal bands"
    return row(what, "0.77", measured, found["wis_relative"] <= 0.77)


def measure_late(references, residuals):
    """Origins at 60 to 98 % of the bound, and a series that stands near its bound."""
    late = coverage.judge(residuals, "combined", [0.8]).query("share > 0.6")
    below, above = (coverage.mean_by_technology(late, name) for name in ("below", "above"))
    met = 0.08 <= below <= 0.12 and 0.08 <= above <= 0.12
    measured = f"{100 * below:.1f} / {100 * above:.1f} %"
    yield row("origins of 60 to 98 %: misses below / above the 80 % band", "8-12 % each", measured, met)
    series = indicators.load().series("China", "mobile_internet_users", "internet_users")
    result = forecast.forecast(series, references=references, residuals=residuals)
    lowest = result.quantiles[0.1].min()
    measured = f"{lowest:,.0f} million of {series.values.iloc[-1]:,.0f}"
    yield row("mobile internet: lowest end of the 80 % band in five years", "950 million", measured, lowest > 950)


def measure_unbounded(references):
    """The references as if they had no bound, and a series that trebles each year."""
    residuals = backtest(references, bounded=False)
    judged = coverage.judge(residuals, "combined", [0.8])
    means = judged.groupby(["horizon_years", "technology"])["covered"].mean().groupby("horizon_years").mean()
    measured = f"{100 * means.mean():.0f} % ({100 * means.min():.0f}-{100 * means.max():.0f} % by horizon)"
    yield row("no bound: coverage of the 80 % band", "75-85 %", measured, 0.75 <= means.mean() <= 0.85)
    fast = judged[judged["growth"] >= bands.FAST].groupby(["horizon_years", "technology"])["covered"].mean()
    each = "; ".join(
        f"{100 * covered:.0f} ({100 * low:.0f}-{100 * high:.0f}) at {years:g}"
        for years, (covered, low, high) in ((years, bootstrap(fast.loc[years], 1)) for years in (1.0, 3.0, 5.0))
    )
    what = "no bound, growth by 1.6 or more in the window: coverage of the 80 % band"
    yield row(
        what, "70 % or more", f"{each} years", fast.loc[[1.0, 3.0, 5.0]].groupby("horizon_years").mean().min() >= 0.7
    )
    values = pd.Series([1.0, 3, 9, 27], pd.date_range("2020-12-31", periods=4, freq="YE"))
    result = forecast.forecast(values, references=references, residuals=residuals)
    times, most = result.quantiles[0.975].iloc[-1] / 27, (residuals["actual"] / residuals["last"]).max()
    what = "no bound, after 1, 3, 9, 27: 97.5 % quantile at five years, in multiples of the last value"
    yield row(what, f"{most:.1f}, the most that any reference grew by", f"{times:.1f}", times <= most * 1.001)


def drift_led(origin, ahead):
    """Damped drift as without a bound, whose path approaches the bound: tried as a fifth member."""
    opened = methods.Origin(origin.windows.without_bound(), origin.prior)
    path = methods.damped_drift(opened, replace(ahead, limit=np.inf))
    return windows.approach(path, origin.windows.values[:, -1:], ahead.limit)


def measure_far(references):
    """Bounds made twice and three times as large: WIS over that without a bound, with what was tried against it.

    Tried is the forecast without a bound led under it: its own quantiles as fifth member, as half, alone; or its path
    as fifth member, with bands as every member's. What is learnt stays the same.
    """
    levels, usual = list(bands.REPORTED_QUANTILES), rolling.ORIGIN_SHARES
    methods.METHODS["drift_led"], methods.NEEDS_FIGURES["drift_led"] = drift_led, windows.SHORTEST
    methods.NEEDS_BOUND.add(drift_led)
    try:
        residuals = backtest(references)
        opened = bands.Records(backtest(references, bounded=False))
        free = coverage.leave_one_technology_out_quantiles(opened, forecast.PUBLISHED, levels)
        reached, records = methods.saturation_shares(references), bands.Records(residuals)
        priors = {name: methods.learn_prior(reached, residuals, name) for name in residuals["technology"].unique()}
        for times in (1, 2, 3):
            rolling.ORIGIN_SHARES = tuple(share / times for share in usual)
            far = [replace(each, bound=times * each.bound) for each in references]
            parts = [rolling.roll(far, points, rolling.HORIZONS, True) for points in rolling.WINDOWS]
            rolling.ORIGIN_SHARES = usual
            rows = pd.concat([rolling.add_methods(part, priors) for part in parts], ignore_index=True)
            rows["unit"] = residuals["unit"]
            yield from compare_far(rows, records, free, times)
    finally:
        rolling.ORIGIN_SHARES = usual
        del methods.METHODS["drift_led"], methods.NEEDS_FIGURES["drift_led"]
        methods.NEEDS_BOUND.remove(drift_led)


def compare_far(rows, records, free, times):
    """Rows of the table for bounds so many times as large: what was tried, against none and against the published."""
    levels = bands.REPORTED_QUANTILES
    four, path = np.empty_like(free), np.empty_like(free)
    for number, technology in enumerate(pd.factorize(records.residuals["technology"])[1]):
        own = (rows["technology"] == technology).to_numpy()
        for found, names in ((four, methods.MEMBERS), (path, ["drift_led"])):
            found[own] = mean_members(rows[own], {name: records[name].left_out[number] for name in names}, levels)
    led = windows.approach(free, rows[["last"]].to_numpy(), rows[["unit_ahead"]].to_numpy())
    tried = {"published": four, "led as fifth member": (4 * four + led) / 5, "led as half": (four + led) / 2}
    tried |= {"led alone": led, "path as fifth member": (4 * four + path) / 5}
    scored, keys = {}, [rows["horizon_years"], rows["technology"]]
    for name, each in ({"none": free} | tried).items():
        actual = rows["actual"].to_numpy()
        judged = {"wis": scores.quantile_score(actual, each, levels) / rows["unit"]}
        judged |= {"80": (actual >= each[:, 1]) & (actual <= each[:, 5])}
        judged |= {"95": (actual >= each[:, 0]) & (actual <= each[:, 6])}
        scored[name] = pd.DataFrame(judged).groupby(keys).mean()
    at = f"the bound times {times}, at 0.5, 1, 2, 3, 5 years"
    means = {name: each["wis"].groupby("horizon_years").mean() for name, each in scored.items()}
    texts = {name: " ".join(f"{ratio:.2f}" for ratio in means[name] / means["none"]) for name in tried}
    measured, target = "; ".join(f"{name} {text}" for name, text in texts.items()), "half of the loss"
    yield row(
        f"{at}: WIS over that without a bound", target if times > 1 else "-", measured, None if times == 1 else False
    )
    for name in ("led as fifth member", "path as fifth member"):
        drawn = [
            bootstrap(scored[name]["wis"].loc[each], scored["published"]["wis"].loc[each])
            for each in means["none"].index
        ]
        ratios = " ".join(f"{ratio:.3f} ({low:.3f}-{high:.3f})" for ratio, low, high in drawn)
        cover = [scored[name][level].groupby("horizon_years").mean() for level in ("80", "95")]
        covered = "; ".join(" ".join(f"{100 * share:.0f}" for share in each) for each in cover)
        what = f"{at}: {name}, WIS over the published (bootstrap by technology); coverage of its 80 and 95 % bands"
        yield row(what, "-", f"{ratios}; {covered} %")


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


def measure_few(references):
    """One and two figures, with three and four beside: coverage, and WIS against the growth that followed elsewhere."""
    levels = list(bands.REPORTED_QUANTILES)
    for points in (1, 2, 3, 4):
        residuals = backtest(references, (points,), (0.5, 1.0, 2.0, 3.0))
        residuals["median_growth"] = follow_others(residuals)
        records, judged = bands.Records(residuals), {}
        for method in (forecast.PUBLISHED, "median_growth"):
            found = coverage.leave_one_technology_out_quantiles(records, method, levels)
            actual = residuals["actual"].to_numpy()
            frame = residuals[["horizon_years", "technology"]].assign(
                wis=scores.quantile_score(actual, found, levels) / residuals["unit"],
                covered=(actual >= found[:, 1]) & (actual <= found[:, 5]),
            )
            judged[method] = frame.groupby(["horizon_years", "technology"]).mean()
        for years in (1.0, 3.0):
            own, other = (each.loc[years] for each in judged.values())
            covered, ratio = bootstrap(own["covered"], 1), bootstrap(own["wis"], other["wis"])
            met = 0.72 <= covered[0] <= 0.88 and ratio[0] <= 0.95
            measured = "; ".join(f"{each[0]:.2f} ({each[1]:.2f}-{each[2]:.2f})" for each in (covered, ratio))
            what = f"{say_count(points, 'figure')}, at {say_count(years, 'year')}: coverage of the 80 % band; "
            what += "WIS against the median growth of the references from that level"
            yield row(what, "0.72-0.88; 0.95" if points < 3 else "-", measured, met if points < 3 else None)


def measure_falls(references):
    """Windows that end below their highest figure: WIS against a flat path from 3 % on, coverage, and what followed."""
    usual, scored = windows.PAST_PEAK, {}
    for part in (usual, 0.97):
        windows.PAST_PEAK = part
        try:
            every = scores.evaluate(backtest(references))
        finally:
            windows.PAST_PEAK = usual
        scored[part] = every[every["method"] == forecast.PUBLISHED].reset_index(drop=True)
    rolled = [rolling.roll(references, points, rolling.HORIZONS, True) for points in rolling.WINDOWS]
    falls = np.concatenate([(1 - w.values[:, -1] / w.values.max(axis=1))[place[0]] for _, w, _, place in rolled])
    for low, high in ((0.03, 0.1), (0.1, 1.0)):
        fallen = (falls > low) & (falls <= high)
        own, before = (each[fallen].groupby("technology")[["wis", "covered_80"]].mean() for each in scored.values())
        ratio, covered = bootstrap(own["wis"], before["wis"]), bootstrap(own["covered_80"], 1)
        measured = "; ".join(f"{each[0]:.2f} ({each[1]:.2f}-{each[2]:.2f})" for each in (ratio, covered))
        what = f"after a fall of {100 * low:.0f} to {100 * high:.0f} % ({len(own)} technologies): "
        yield row(f"{what}WIS against a flat path from 3 % on; coverage of the 80 % band", "-", measured)
    regained = methods.saturation_shares(references).query("fall > 0")
    for least in (0.03, 0.1, 0.2):
        part = regained[regained["fall"] >= least]
        measured = f"{int(part['regained'].sum())} of {len(part)} technologies"
        yield row(
            f"rose above their peak again, of those whose deepest fall is {100 * least:.0f} % or more", "-", measured
        )


def follow_others(residuals, near=0.05, least=10):
    """The last share plus the median gain of other technologies that stood within 5 points, or of the ten nearest."""
    share = residuals["share"].to_numpy()
    gain = (residuals["actual"] / residuals["unit_then"] - share).to_numpy()
    weights, found = bands.weigh_technologies(residuals), residuals["last"].to_numpy().copy()
    groups = residuals.groupby(["horizon_years", "technology"]).indices
    for (horizon, technology), own in groups.items():
        others = (residuals["horizon_years"] == horizon) & (residuals["technology"] != technology)
        others = np.flatnonzero(others)
        for place in own:
            away = np.abs(share[others] - share[place])
            close = others[away <= max(near, np.sort(away)[least - 1])]
            order = close[np.argsort(gain[close], kind="stable")]
            below = np.cumsum(weights[order]) / weights[order].sum()
            found[place] = share[place] + gain[order][np.searchsorted(below, 0.5)]
    return np.clip(found, 0, 1) * residuals["unit_ahead"].to_numpy()


def bootstrap(own, other):
    """Mean over technologies of one row each, over that of another, with its 95 % interval from drawing them anew."""
    own, other = np.asarray(own, float), np.broadcast_to(np.asarray(other, float), len(own))
    drawn = np.random.default_rng(0).integers(0, len(own), (2000, len(own)))
    ratios = own[drawn].mean(axis=1) / other[drawn].mean(axis=1)
    return own.mean() / other.mean(), *np.quantile(ratios, (0.025, 0.975))


def measure_newer(residuals):
    """WIS and coverage where the figure of the first horizon is known to within a bound 3 % below it, against without.

    Each technology is judged with calibration and correlation from the others; at most 60 origins of one count.
    """
    records, levels = bands.Records(residuals), [*bands.REPORTED_QUANTILES]
    every, rows = (np.arange(1000) + 0.5) / 1000, []
    for technology in residuals["technology"].unique():
        known = lessons.Lessons(records, pd.DataFrame(), technology)
        members = {name: known.calibration(name) for name in methods.MEMBERS}
        own = residuals[residuals["technology"] == technology].reset_index(names="row")
        for first in (0.5, 1.0):
            pairs = own[own["horizon_years"] == first].merge(own, on=paths.SAME_ORIGIN, suffixes=("", "_later"))
            pairs = pairs[pairs["horizon_years_later"] > first].reset_index(drop=True)
            pairs = pairs.iloc[np.unique(np.linspace(0, len(pairs) - 1, 60).astype(int))] if len(pairs) else pairs
            for pair in pairs.itertuples():
                near, far = (residuals.loc[[number]] for number in (pair.row, pair.row_later))
                margin = mean_members(near, members, every)[0]
                limit = (pair.years, np.searchsorted(margin, 0.97 * pair.actual) / len(every), 1.0)
                ranks, share = paths.sift((pair.years_later,), known.decay, (limit,), 2**12)
                both = (np.array(levels)[None], paths.levels_within(ranks, levels))
                found = [mean_members(far, members, each)[0] for each in both]
                wis = [scores.quantile_score(np.array([pair.actual_later]), each[None], levels)[0] for each in found]
                covered = [each[1] <= pair.actual_later <= each[5] for each in found]
                size = np.array(wis) / pair.unit
                rows.append(
                    (technology, first, pair.horizon_years_later, paths.refutes((limit,), share), *size, *covered)
                )
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
    records, horizons, rows = bands.Records(residuals), (1.0, 2.0, 3.0, 5.0), []
    for technology in residuals["technology"].unique():
        known = lessons.Lessons(records, pd.DataFrame(), technology)
        members = {name: known.calibration(name) for name in methods.MEMBERS}
        ranks, _ = paths.sift(horizons, known.decay, (), 2**11)
        own = residuals[residuals["technology"] == technology]
        own = own[own["horizon_years"].isin(horizons)].sort_values("horizon_years")
        origins = [part for _, part in own.groupby(paths.SAME_ORIGIN) if len(part) == len(horizons)]
        kept = np.unique(np.linspace(0, len(origins) - 1, 80).astype(int)) if origins else []
        for part in (origins[place] for place in kept):
            result = mean_members(part, members, ranks.T)
            result, came = result / part[["unit_ahead"]].to_numpy(), (part["actual"] / part["unit_then"]).max()
            for level in (0.5, 0.75):
                share = np.quantile(result[-1], level)
                if share > part["share"].iloc[0]:
                    rows.append((technology, level, (result >= share).any(axis=0).mean(), came >= share))
    found = pd.DataFrame(rows, columns=["technology", "level", "said", "came"])
    means = found.groupby(["level", "technology"]).mean().groupby("level").mean()
    said = " and ".join(f"{100 * each.came:.0f} % ({100 * each.said:.0f} % said)" for each in means.itertuples())
    what = (
        "shares of the bound that half, and a quarter, of the paths reach by the fifth year: how often reached by then"
    )
    yield row(what, "-", said)


def measure_identified(references, residuals):
    """Simulated series that have bent: does the forecast stay with the ceiling that they identify?"""
    taught = lessons.References(references, residuals)
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
            result = forecast_target(read_target(series, 100), taught)
            at_three, at_five = result.at([3.0, 5.0], [0.5])[:, 0]
            later = curves.to_dates([result.windows.years[0, -1] + 5])
            interval = fit.get_prediction(later).summary_frame(0.05).iloc[0]
            inside += interval["obs_ci_lower"] <= at_five <= interval["obs_ci_upper"]
            near, count = near + (abs(at_three / ceiling - 1) <= 0.08), count + 1
    what = "simulated, ceiling identified: median at five years inside the fit's 95 % prediction interval"
    yield row(what, "95 %", f"{100 * inside / count:.0f} % of {count}", inside / count >= 0.95)
    what = "the same: median at three years within 8 % of the true ceiling"
    yield row(what, "all", f"{100 * near / count:.0f} %", near == count)


def measure_dense(references, residuals):
    """Thirty clean months of logistic curves: width of the 80 % band, coverage, and how far off the median is."""
    taught, rows = lessons.References(references, residuals), []
    years, ahead = np.arange(30) / 12, np.array([1, 3, 5])
    dates = pd.date_range("2022-01-31", periods=len(years), freq="ME")
    for ceiling, rate, midpoint in ((62, 1.8, 1.6), (80, 1.5, 2.0), (45, 2.5, 1.2), (90, 1.2, 2.5)):
        for seed in range(SEEDS):
            draw = np.random.default_rng(seed)
            course = ceiling * curves.Logistic.share(np.r_[years, years[-1] + ahead], np.log(rate), np.array(midpoint))
            course = np.maximum(course + draw.normal(0, 0.5, len(course)), 0.1)
            result = forecast_target(read_target(pd.Series(course[: len(years)], dates), 100), taught)
            for horizon, (low, middle, high), came in zip(
                ahead, result.at(ahead, [0.1, 0.5, 0.9]), course[len(years) :], strict=True
            ):
                rows.append((horizon, high - low, low <= came <= high, middle - came))
    mean = pd.DataFrame(rows, columns=["years", "width", "covered", "missed"]).groupby("years").mean()
    measured = "; ".join(
        f"{each.width:.0f}, {each.covered:.2f}, {each.missed:+.0f} at {each.Index}" for each in mean.itertuples()
    )
    what = "thirty clean months, noise .5 of 100: width of the 80 % band, coverage, median above what came"
    yield row(what, ".6 of the width before (26, 34, 31); .80", f"{measured} years", False)


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


FIVE_LINES = """
import time
import pandas as pd
from helpers import forecast

years = pd.to_datetime([f"{year}-12-31" for year in range(2016, 2026)])
users = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=years)
for _ in range(3):
    began = time.process_time()
    result = forecast.forecast(users, bound=100)
    result.quantiles
    asked = time.process_time()
    result.frame(), result.scenarios(), result.milestones()
    print(asked - began, time.process_time() - began)
"""
"""What README calls, thrice in a process of its own: processor seconds of the quantiles, and with all tables."""
MANY = 1000


def measure_forecast():
    """Processor seconds of a forecast as README calls it, and of forecasts of many series."""
    for _ in range(2):  # what references teach is in the cache from the first on
        done = subprocess.run([sys.executable, "-c", FIVE_LINES], check=True, capture_output=True, text=True)
    (first, _), *further = (map(float, line.split()) for line in done.stdout.splitlines())
    further, tables = (min(each) for each in zip(*further, strict=True))
    what = "forecast.forecast(users, bound=100).quantiles, what references teach kept: first call of a process; further"
    measured = f"{first:.2f}; {further:.2f} s of processor time, without imports"
    yield row(what, "0.5; 0.15 s", measured, first <= 0.5 and further <= 0.15)
    yield row("the same, further, all methods, scenarios, milestones", "0.15 s", f"{tables:.2f} s", tables <= 0.15)
    draw, years = np.random.default_rng(0), np.arange(10)
    dates = pd.date_range("2016-12-31", periods=len(years), freq="YE")
    courses = [60 / (1 + np.exp(-0.7 * (years - middle))) for middle in draw.normal(5, 1, MANY)]
    panel = pd.DataFrame({f"series {place}": course for place, course in enumerate(courses)}, dates)
    began = time.process_time()
    forecast.forecast_many(panel, bound=100).frame()
    seconds = time.process_time() - began
    yield row(f"forecast_many of {MANY:,} series, with their frame", "3 min", f"{seconds:.0f} s", seconds <= 180)


def measure_held_out(references, residuals):
    """The technologies held out, from which nothing is learnt; for one look a release."""
    held_out = indicators.load().references(role="held_out")
    table = scores.score_held_out(residuals, references, held_out)
    own = table[table["method"] == "combined"]
    for window, part in own.groupby("window"):
        years = ", ".join(f"{each:g}" for each in part["horizon_years"])
        covered, wide = (", ".join(f"{100 * each:.0f}" for each in part[name]) for name in scores.COVERAGES[1:])
        wis = ", ".join(f"{each:.2f}" for each in part["wis_relative"])
        measured = f"80 % band {covered} %; 95 % band {wide} %; WIS against drift {wis}"
        what = f"held out, {window} points, at {years} years ({part['technologies'].max()} technologies at most)"
        yield row(what, "-", measured)


if __name__ == "__main__":
    main()
