"""Measure the curve fits: accuracy, speed against scipy and lmfit in the same run, scaling, coverage of intervals."""

import json
import resource
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path

import lmfit
import numpy as np
import pandas as pd
from scipy.optimize import curve_fit
from scipy.special import stdtrit

from helpers import indicators
from helpers.base.wording import say_name
from helpers.curves import FAMILIES, CurveError, Exponential, Logistic, Richards, fit_many
from helpers.curves.engine import prepare
from helpers.curves.search import fit_batch, fit_rows

REFERENCE = Path(__file__).parent.parent / "tests" / "reference"
SIZES = (1_000, 10_000, 100_000)


def main():
    """Print one row per target, and the coverage table."""
    print("| what | target | measured |\n|---|---|---|")
    for row in (
        *measure_nist(),
        measure_reference(),
        *measure_speed(),
        *measure_scaling(),
        *measure_single(),
        measure_search(),
        *measure_limits(),
    ):
        print("| " + " | ".join(row) + " |", flush=True)
    print("\n| family | noise, % of ceiling | points | closed | 95 % interval of the ceiling covers | Wald covers |")
    print("|---|---|---|---|---|---|")
    for row in measure_coverage():
        print("| " + " | ".join(row) + " |", flush=True)


def simulate(count, points=30, noise=1.0, seed=0):
    """Logistic series, (count, points), with their ceilings."""
    random = np.random.default_rng(seed)
    times, ceiling = np.arange(float(points)), random.uniform(50, 150, count)
    midpoint, rate = random.uniform(8, 22, count)[:, None], random.uniform(0.2, 0.6, count)[:, None]
    clean = ceiling[:, None] / (1 + np.exp(-rate * (times - midpoint)))
    return times, clean + random.normal(0, noise, clean.shape), ceiling


def logistic(t, ceiling, rate, midpoint):
    """The curve that the peers fit."""
    return ceiling / (1 + np.exp(-rate * (t - midpoint)))


def guess(times, values):
    """The start that a careful user gives the peers."""
    return 1.1 * values.max(), 8 / np.ptp(times), times[np.abs(values - values.max() / 2).argmin()]


def fit_from_starts(times, values):
    """The best of three fits by scipy, as a careful user would start them: seen whole, seen to half, hardly begun."""
    best, (ceiling, rate, middle), last = np.inf, guess(times, values), times[-1]
    for start in (
        (ceiling, rate, middle),
        (2 * ceiling, rate / 2, last),
        (10 * ceiling, rate / 2, last + np.ptp(times)),
    ):
        with suppress(RuntimeError), warnings.catch_warnings():  # scipy's word for no convergence
            warnings.simplefilter("ignore")
            found = curve_fit(logistic, times, values, start)[0]
            best = min(best, ((logistic(times, *found) - values) ** 2).sum())
    return best


def count_digits(values, certified):
    """Digits that agree, the worst of all."""
    return -np.log10(np.max(np.abs(np.asarray(values) / np.asarray(certified) - 1)) + 1e-16)


def measure_nist():
    """Digits of parameters, standard deviations and sum of squares on the NIST problems."""
    for name, problem in json.loads((REFERENCE / "nist_strd.json").read_text()).items():
        model = {"Rat42": Logistic, "Rat43": Richards}.get(name, Exponential)
        results = model(problem["y"], problem["x"], launch=0.0 if model is Exponential else None).fit()
        estimate, turn = results.params.to_numpy(), np.eye(problem["k"])
        if model is not Exponential:
            shape = estimate[3:]
            turn[1, 1:3], turn[2, 1:3], turn[1, 3:] = estimate[[2, 1]], (1, 0), 1 / shape
            estimate = np.r_[estimate[0], estimate[1] * estimate[2] + np.log(shape).sum(), estimate[1], shape]
        errors = np.sqrt(np.diag(turn @ results.cov_params().to_numpy() @ turn.T))
        digits = count_digits(estimate, problem["certified"]), count_digits(errors, problem["certified_sd"])
        yield f"NIST {name} ({model.name}), no start given", "8 and 7 digits", "{:.1f} and {:.1f}".format(*digits)


def measure_reference():
    """The reference series against scipy at full precision and the stored profile interval."""
    series = pd.read_csv(REFERENCE / "logistic30.csv").set_index("t")["y"]
    stored = json.loads((REFERENCE / "logistic30_reference.json").read_text())
    results = Logistic(series, errors="independent").fit()
    exact = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}
    theirs, matrix = curve_fit(logistic, series.index, series, (100, 0.3, 15), **exact)
    gaps = [
        results.params["ceiling"] / theirs[0] - 1,
        results.bse["ceiling"] / np.sqrt(matrix[0, 0]) - 1,
        *(results.conf_int(method="profile").loc["ceiling"] / stored["K_profile_F95"] - 1),
    ]
    return "logistic30: K, its error, profile interval", "1e-6", f"{np.abs(gaps).max():.0e}"


def clock(function):
    """Wall seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def race(ours, theirs, rounds=12):
    """Median wall seconds of both, measured in turns so that a busy machine slows both alike."""
    ours(), theirs()
    seconds = [(clock(ours), clock(theirs)) for _ in range(rounds)]
    return np.median(seconds, axis=0)


def measure_speed():
    """10,000 series against loops over scipy and lmfit, which are timed on a part and scaled up."""
    times, values, _ = simulate(10_000)
    frame = pd.DataFrame(values.T, index=times)
    part, few = 300, 8
    theirs = np.zeros(part)

    def loop_scipy():
        for row in range(part):
            theirs[row] = curve_fit(logistic, times, values[row], guess(times, values[row]))[0][0]

    def loop_starts():
        for row in range(part):
            fit_from_starts(times[::4], values[row, ::4])

    for what, target, chosen, loop in (
        ("30 points, estimates, against a loop over scipy's curve_fit", "15 times", frame, loop_scipy),
        ("8 points, against curve_fit from three starts each", "10 times", frame.iloc[::4], loop_starts),
    ):
        ours, loop_seconds = race(partial(fit_many, chosen, "logistic", alpha=None, progress=False), loop)
        seconds = loop_seconds * len(values) / part
        yield f"10,000 series of {what}", target, f"{seconds / ours:.0f} times ({ours:.2f} s against {seconds:.1f} s)"
    gap = np.median(np.abs(fit_many(frame.iloc[:, :part], "logistic", progress=False)["ceiling"] / theirs - 1))
    yield "median gap of those of 30 points to scipy's", "1e-6", f"{gap:.0e}"

    def fit_with_intervals():
        return fit_many(frame, ["logistic"], progress=False, errors="independent")

    def loop_lmfit():
        return [profile_with_lmfit(times, values[row]) for row in range(few)]

    whole, lmfit_seconds = race(fit_with_intervals, loop_lmfit) * [1, len(values) / few]
    ratio = f"{lmfit_seconds / whole:.0f} times ({whole:.2f} s against {lmfit_seconds:.0f} s)"
    yield "the same with Wald and profile of K, against lmfit's conf_interval of K", "300 times", ratio


def profile_with_lmfit(times, values):
    """lmfit's F profile of the ceiling alone."""
    parameters = lmfit.create_params(**dict(zip(("ceiling", "rate", "midpoint"), guess(times, values), strict=True)))
    minimizer = lmfit.Minimizer(lambda p: logistic(times, *p.valuesdict().values()) - values, parameters)
    return lmfit.conf_interval(minimizer, minimizer.minimize(), p_names=["ceiling"], sigmas=[0.95])


def measure_scaling():
    """Seconds and peak memory of fit_many with intervals, each size in a process of its own."""
    for size in SIZES:
        command = [sys.executable, "-m", "benchmarks.bench_curves", str(size)]
        seconds, memory = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        yield (
            f"{size:,} series with intervals",
            "linear, under 2 GiB",
            f"{float(seconds):.2f} s, {float(memory):.2f} GiB",
        )


def report_size(size):
    """Print seconds and peak GiB of one call; run in a fresh process."""
    times, values, _ = simulate(size)
    frame = pd.DataFrame(values.T, index=times)
    start = time.perf_counter()
    fit_many(frame, ["logistic"], progress=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform != "darwin" else 2**30)
    print(time.perf_counter() - start, peak)


def measure_single():
    """One series: fit, profile of the ceiling, printed summary; with a closed and with an open interval."""
    times, values, _ = simulate(1)
    closed = pd.Series(values[0], index=times)
    short = pd.Series([230.0, 249.0, 515.0, 602.0], index=[2023.5, 2024.0, 2024.5, 2025.0])

    def analyse(series):
        results = Logistic(series).fit()
        results.profile()
        return str(results.summary())

    for words, series in (("30 points", closed), ("4 points, open interval", short)):
        analyse(series)
        seconds = [clock(lambda series=series: analyse(series)) for _ in range(25)]
        measured = f"{1000 * np.median(seconds):.1f} ms (best {1000 * min(seconds):.1f} ms)"
        yield f"one series of {words}: fit, profile, summary, errors not known", "20 ms", measured
    yield from measure_censored(closed)


def measure_censored(series):
    """Profiles of all parameters where a figure says only "at least": an ordinary series, and one that says little."""
    short = pd.Series([230.0, 249.0, 515.0, 602.0, 650.0], index=[2023.5, 2024.0, 2024.5, 2025.0, 2025.2])
    for words, values, least in (
        ("30 points", series, 1.01 * series.iloc[-1]),
        ("5 points, open intervals", short, 700),
    ):
        censored = pd.DataFrame({"value": [least], "bound": ["at_least"]}, index=[values.index[-1] + 0.5])

        def analyse(values=values, censored=censored):
            results = Logistic(values, censored=censored, errors="independent").fit()
            return [results.profile(name) for name in results.param_names]

        analyse()
        seconds = np.median([clock(analyse) for _ in range(9)])
        yield f"{words} and a censored one: profiles of all parameters", "0.05 s, 0.5 s at worst", f"{seconds:.2f} s"


def measure_search(count=40, starts=200):
    """Share of hard series, of all families, where 200 random starts beat an unflagged fit by more than 1e-6."""
    beaten = reported = 0
    for points in (6, 10, 20):
        times, values, _ = simulate(count, points, 3.0, points)
        for model in FAMILIES.values():
            random = np.random.default_rng(points)
            batch = prepare(model, times, values)
            found, rows = fit_batch(batch), np.repeat(np.arange(count), starts)
            theta = np.array([random.uniform(axis[0] - 1, axis[-1] + 1, len(rows)) for axis in model.axes])
            other = fit_rows(batch, rows, theta, 60, 1e-6)
            inside = found.converged & ~(found.flat | found.step | found.diverged | (found.on_boundary != 0).any(0))
            reported += inside.sum()
            beaten += (inside & (found.ssr > other.ssr * (1 + 1e-6))).sum()
    return (
        "noisy series of 6, 10 and 20 points where 200 starts find a better optimum",
        "0",
        f"{beaten} of {reported} estimates",
    )


def measure_limits():
    """Fits of the project's series, by family: how many end in the family's limit, and how many are no estimate."""
    data = indicators.load()
    series = data.references() + data.references(role="held_out")
    for name in ("gamma_gompertz", "shifted_gompertz", "richards", "bass"):
        made = []
        for each in series:
            with suppress(CurveError):
                made.append(FAMILIES[name](each.values).fit())
        limits, none = sum(bool(fit.limit) for fit in made), sum(bool(fit.flag and not fit.limit) for fit in made)
        what = f"{say_name(name)}, {len(made)} series of the project: no estimate"
        yield what, "0", f"{none}; {limits} more are reported as the limit of the family"


def measure_coverage(count=2000):
    """Coverage of 95 % intervals of the ceiling; an open interval covers."""
    times = np.linspace(0, 10, 41)
    truth = {"logistic": (np.log(8.0), 0.5), "gompertz": (np.log(5.0), 0.4)}
    for name, place in truth.items():
        for noise in (1.0, 5.0):
            for points in (6, 8, 16):
                years = np.linspace(0, 10, points)
                clean = 100 * FAMILIES[name].share(years / times[-1], *place)
                random = np.random.default_rng(points)
                frame = pd.DataFrame((clean + random.normal(0, noise, (count, points))).T, index=years)
                table = fit_many(frame, [name], progress=False, errors="independent")
                inside = (table["ceiling_lower"] <= 100) & (table["ceiling_upper"] >= 100)
                closed = np.isfinite(table["ceiling_upper"])
                wald = (table["ceiling"] - 100).abs() <= table["ceiling_se"] * find_quantile(points)
                yield (
                    name,
                    f"{noise:g}",
                    str(points),
                    f"{closed.mean():.1%}",
                    f"{inside.mean():.1%}",
                    f"{wald.mean():.1%}",
                )


def find_quantile(points):
    """t quantile of a 95 % interval with three parameters."""
    return stdtrit(points - 3, 0.975)


if __name__ == "__main__":
    report_size(int(sys.argv[1]))
