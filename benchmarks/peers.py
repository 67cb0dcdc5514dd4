"""Other forecasters on the origins of the references, scored as the published forecast is.

It writes peers.csv and peers.md, beside this file. Only `forecast_rivals` needs the rivals' packages.
"""

import logging
import warnings
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import curve_fit
from scipy.special import ndtri

from adoption_curves import curves, indicators
from adoption_curves.base.words import say_count
from adoption_curves.forecast import backtest, model, scores
from adoption_curves.forecast.backtest import list_windows
from adoption_curves.forecast.forecasting import REPORTED_QUANTILES
from benchmarks.bench_forecast import bootstrap

TABLE, PAGE = (Path(__file__).parent / name for name in ("peers.csv", "peers.md"))
MARKS = ("<!-- peers -->", "<!-- /peers -->")
GIVEN = {"the last four": 4, "the last eight": 8}
"""Figures that all are given."""
LEVELS = np.array(REPORTED_QUANTILES)
MOST_LOST = 50
"""From this percentage of origins without an answer on no score is told."""
OURS = {"path": "published", "straight_line": "straight line"}
FAMILIES = {
    "logistic": lambda years, ceiling, rate, middle: ceiling / (1 + np.exp(-rate * (years - middle))),
    "gompertz": lambda years, ceiling, rate, middle: ceiling * np.exp(-np.exp(-rate * (years - middle))),
}
LINKS = {"logistic": lambda share: np.log(share / (1 - share)), "gompertz": lambda share: -np.log(-np.log(share))}


@dataclass
class Case:
    """What a rival is given at one origin, and the dates that it is asked for."""

    years: np.ndarray  # (n,) decimal years of the figures
    values: np.ndarray  # (n,)
    bound: np.ndarray  # (n,) as known at the origin
    ahead: np.ndarray  # (H,) years after the origin
    bound_ahead: np.ndarray  # (H,) as it is forecast


def ask_statsforecast(model, case):
    """Quantiles (H, Q) of a model of statsforecast, from figures interpolated to equal steps of the median gap."""
    step = np.median(np.diff(case.years))
    grid = case.years[-1] - step * np.arange(int((case.years[-1] - case.years[0]) / step + 1e-3) + 1)[::-1]
    steps = int(np.ceil(case.ahead.max() / step + 1e-6))
    found = model.forecast(np.interp(grid, case.years, case.values), h=steps, level=[50, 80, 95])
    names = ("lo-95", "lo-80", "lo-50", "mean", "hi-50", "hi-80", "hi-95")
    columns = (np.r_[case.values[-1], np.asarray(found[name], float)] for name in names)
    return np.stack([np.interp(case.ahead, step * np.arange(steps + 1), column) for column in columns], axis=1)


def ask_prophet(prophet, case):
    """Quantiles (H, Q) of Prophet's logistic growth with the bound as its cap, from 1,000 draws of its own."""
    np.random.seed(0)  # noqa: NPY002 - Prophet draws from the global generator
    model = prophet.Prophet(growth="logistic", yearly_seasonality=False)
    model.fit(pd.DataFrame({"ds": curves.to_dates(case.years), "y": case.values, "cap": case.bound}), seed=0)
    dates = pd.DataFrame({"ds": curves.to_dates(case.years[-1] + case.ahead), "cap": case.bound_ahead})
    return np.quantile(model.predictive_samples(dates)["yhat"], LEVELS, axis=1).T


def ask_curve(family, case):
    """Quantiles (H, Q) of a curve under the bound by scipy's curve_fit: normal, of its parameters' errors and noise."""
    curve, link = FAMILIES[family], LINKS[family]
    years, ahead, top = case.years - case.years[-1], case.ahead, case.bound[-1]
    slope, height = np.polyfit(years, link(np.clip(case.values / top, 0.001, 0.99)), 1)
    slope = max(slope, 0.01)
    start, room = (0.999 * top, slope, -height / slope), ([0, 0, -np.inf], [top, np.inf, np.inf])
    found, covariance = curve_fit(curve, years, case.values, start, bounds=room, max_nfev=10_000)
    noise = ((case.values - curve(years, *found)) ** 2).sum() / (len(years) - 3)
    size = 1e-5 * np.maximum(np.abs(found), 1e-3)
    steps = [(curve(ahead, *(found + move)) - curve(ahead, *(found - move))) for move in np.diag(size)]
    slopes = np.array(steps).T / (2 * size)
    spread = np.sqrt(np.einsum("hi,ij,hj->h", slopes, covariance, slopes) + noise)
    return curve(ahead, *found)[:, None] + spread[:, None] * ndtri(LEVELS)


def list_rivals():
    """Functions that take a `Case`, by name and the package that they are of."""
    import prophet
    from statsforecast import models

    logging.getLogger("cmdstanpy").disabled = True
    logging.getLogger("prophet").setLevel(logging.ERROR)
    rivals = {}
    for name in ("AutoETS", "AutoTheta", "RandomWalkWithDrift"):
        rivals[name] = "statsforecast", partial(ask_statsforecast, getattr(models, name)())
    rivals["Prophet, capped"] = "prophet", partial(ask_prophet, prophet)
    for family in FAMILIES:
        name = f"{family.capitalize()}, capped"
        rivals[name] = "scipy", partial(ask_curve, family)
    return rivals


def forecast_rivals(windows):
    """Quantiles (R, Q) of every rival for the rows of windows, and the percent of origins without an answer."""
    place = np.nonzero(np.isfinite(windows.h))
    bound = model.forecast_limit(windows.t, windows.limit, np.nan_to_num(windows.h, nan=1.0))[0]
    last = curves.decimal_years(windows.origin)
    for name, (package, ask) in list_rivals().items():
        found = np.full((*windows.h.shape, len(LEVELS)), np.nan)
        for origin in np.unique(place[0]):
            there = np.isfinite(windows.h[origin])
            given = (last[origin] + windows.t[origin], windows.y[origin], windows.limit[origin])
            case = Case(*given, windows.h[origin][there], bound[origin][there])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    found[origin, there] = ask(case)
                except Exception as error:  # noqa: BLE001 - whatever it is, there is no answer
                    print(f"{name}: {type(error).__name__}: {error}"[:160])
        rows = np.clip(found[place], 0, bound[place][:, None])
        lost = pd.Series(~np.isfinite(rows).all(axis=1)).groupby(place[0]).any()
        yield name, f"{package} {metadata.version(package)}", rows, 100 * lost.mean()


def spread_about(rows, name):
    """Quantiles (R, Q) with the formula's spread about a column of paths."""
    ahead, limit_sd, spread = rows[["limit_ahead", "limit_sd", "spread"]].to_numpy(float).T
    return model.quantiles(rows[name].to_numpy(float) / ahead, spread, LEVELS, ahead, limit_sd, "limit")


def compare(references):
    """The table: every rival with its own bands and with ours, beside the published forecast and our own straight line.

    Where a rival gives no finite answer our straight line stands for it.
    """
    every, frames = backtest(references), []
    ours = {title: spread_about(every, name) for name, title in OURS.items()}
    for given, points in GIVEN.items():
        at = (every["window"] == points).to_numpy()
        [part] = list_windows(references, [points])
        own = every[at]
        told = {(title, "ours", "", 0.0): ours[title][at] for title in OURS.values()}
        for name, version, found, failed in forecast_rivals(part):
            lost = ~np.isfinite(found).all(axis=1)
            found[lost] = ours["straight line"][at][lost]
            told[name, "its own", version, failed] = found
            told[name, "ours", version, failed] = spread_about(own.assign(**{name: found[:, 3]}), name)
        for about, found in told.items():
            keys = dict(zip(("method", "bands", "version", "without_answer"), about, strict=True))
            frames.append(judge(own, found).assign(given=given, **keys))
    return relate(pd.concat(frames, ignore_index=True))


def judge(rows, found):
    """A row per horizon and technology: mean WIS and coverage, and the number of forecasts."""
    actual = rows["actual"].to_numpy()
    frame = rows[["horizon_years", "technology"]].assign(
        wis=scores.quantile_score(actual, found, LEVELS) / rows["limit"],
        coverage_80=(actual >= found[:, 1]) & (actual <= found[:, 5]),
        forecasts=1,
    )
    how = {"wis": "mean", "coverage_80": "mean", "forecasts": "sum"}
    return frame.groupby(["horizon_years", "technology"]).agg(how).reset_index()


def relate(frame):
    """Means over technologies, over a straight line's; with an interval from drawing them, over the published."""
    rows, keys = [], ["given", "method", "bands", "version", "horizon_years"]
    parts = {key: part.set_index("technology") for key, part in frame.groupby(keys, sort=False)}
    for (given, name, kind, version, years), part in parts.items():
        line, best = (parts[given, title, "ours", "", years]["wis"] for title in ("straight line", "published"))
        size = (len(part), part["forecasts"].sum())
        numbers = (part["wis"].mean() / line.mean(), *bootstrap(part["wis"], best), 100 * part["coverage_80"].mean())
        rows.append((given, name, kind, version, years, *size, *numbers, part["without_answer"].iloc[0]))
    columns = [*keys, "technologies", "forecasts", "wis_relative", "wis_over_published", "low", "high", "coverage_80"]
    return pd.DataFrame(rows, columns=[*columns, "without_answer"])


def write_tables(table):
    """Text between the marks of peers.md: scores by forecaster and horizon, and where another is better."""
    told, keys = table["without_answer"] < MOST_LOST, ["method", "bands"]
    text = [f"With {', '.join(sorted({version for version in table['version'] if version}))}."]
    numbers = {
        "wis_relative": ("WIS over that of a straight line", 2),
        "coverage_80": ("80 % band covered, percent", 0),
    }
    for given, part in table.assign(**{name: table[name].where(told) for name in numbers}).groupby("given", sort=False):
        text.append(f"\n## Given {given}")
        for name, (head, digits) in numbers.items():
            wide = part.set_index([*keys, "horizon_years"])[name].unstack(sort=False)
            text.append(f"\n| {head}; bands | {' | '.join(say_count(each, 'year') for each in wide)} |")
            text.append("|---" * (len(wide.columns) + 1) + "|")
            for (method, kind), row in wide.iterrows():
                cells = ("-" if np.isnan(each) else f"{each:.{digits}f}" for each in row)
                text.append(f"| {method}; {kind} | {' | '.join(cells)} |")
    lost = table[table["without_answer"] > 0].drop_duplicates(["given", "method"])
    each = [f"{row.method} at {row.without_answer:.2g} % (given {row.given})" for row in lost.itertuples()]
    text.append(f"\nOrigins without an answer: {'; '.join(each) or 'none'}.")
    rivals = table[told & (table["method"] != "published")]
    better = rivals[rivals["wis_over_published"] < 1]
    sure = f"In {len(better)} of {len(rivals)} cells another's WIS is lower than the published forecast's, in "
    text.append(f"\n## Where another is better\n\n{sure}{(better['high'] < 1).sum()} with an interval below 1.\n")
    for row in better.itertuples():
        what = f"{row.method}, bands {row.bands}, given {row.given}, {say_count(row.horizon_years, 'year')}"
        interval = f"{row.low:.2f} to {row.high:.2f}, bootstrap over {row.technologies} technologies"
        text.append(f"- {what}: {row.wis_over_published:.2f} of the published forecast's ({interval})")
    return "\n".join(text)


def write_page():
    """Write the kept table's numbers into benchmarks/peers.md."""
    table = pd.read_csv(TABLE, keep_default_na=False)
    before, after = MARKS
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page.split(before)[0], page.split(after)[1]
    PAGE.write_text(f"{head}{before}\n{write_tables(table)}\n{after}{tail}", encoding="utf-8")


def main():
    """Ask all rivals, keep the table, and write its page."""
    compare(indicators.load().references()).to_csv(TABLE, index=False, float_format="%.4g", lineterminator="\n")
    write_page()
    print(f"{TABLE} and {PAGE} are written.")


if __name__ == "__main__":
    main()
