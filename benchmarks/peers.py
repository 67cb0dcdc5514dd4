"""Other forecasters at the origins of the backtest, scored as the formula is: `python -m benchmarks.peers`.

It writes peers.csv, and the numbers of peers.md from it. Of each technology and number of values at most `ORIGINS`
dates count, evenly spread. Only `list_rivals` needs the packages of others.
"""

import logging
import time
import warnings
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import curve_fit
from scipy.special import expit, logit, ndtri

from adoption_curves import indicators
from adoption_curves.base.dates import decimal_years, to_dates
from adoption_curves.base.decline import find_spaced
from adoption_curves.base.formats import format_count
from adoption_curves.forecast import backtest, model, scores
from adoption_curves.forecast.backtest import EARLY
from adoption_curves.forecast.forecasting import REPORTED_QUANTILES
from benchmarks.bench_forecast import bootstrap

TABLE, PAGE = (Path(__file__).parent / name for name in ("peers.csv", "peers.md"))
MARKS = ("<!-- peers -->", "<!-- /peers -->")
FIGURES, ORIGINS, HORIZONS = (4, 8), 12, (1.0, 2.0, 3.0, 5.0)
LEVELS = np.array(REPORTED_QUANTILES)
MOST_LOST = 50  # percent of forecasts without an answer: from there on no score is shown
SETS = {"comparison": "Comparison technologies", "early": "Below 5% of the limit", "sales": "Shares of sales"}
SETS |= {"Norway": "Electric cars in Norway, shares of sales"}


@dataclass
class Case:
    """What a forecaster gets at one origin, and the dates for which it forecasts."""

    years: np.ndarray  # (n,) decimal years of the values
    values: np.ndarray  # (n,)
    limit: np.ndarray  # (n,) as known at the origin
    ahead: np.ndarray  # (H,) years after the origin
    limit_ahead: np.ndarray  # (H,) as the formula forecasts it


def forecast_statsforecast(rival, case):
    """Quantiles (H, Q) of a model of statsforecast, from values interpolated to equal steps of the median gap."""
    step = np.median(np.diff(case.years))
    grid = case.years[-1] - step * np.arange(int((case.years[-1] - case.years[0]) / step + 1e-3) + 1)[::-1]
    steps = int(np.ceil(case.ahead.max() / step + 1e-6))
    found = rival.forecast(np.interp(grid, case.years, case.values), h=steps, level=[50, 80, 90])
    names = ("lo-90", "lo-80", "lo-50", "mean", "hi-50", "hi-80", "hi-90")
    columns = (np.r_[case.values[-1], np.asarray(found[name], float)] for name in names)
    return np.stack([np.interp(case.ahead, step * np.arange(steps + 1), column) for column in columns], axis=1)


def forecast_prophet(prophet, case):
    """Quantiles (H, Q) of Prophet's logistic growth with the limit as its cap, from 1,000 draws of its own."""
    np.random.seed(0)  # noqa: NPY002 - Prophet draws from the global generator
    rival = prophet.Prophet(growth="logistic", yearly_seasonality=False)
    rival.fit(pd.DataFrame({"ds": to_dates(case.years), "y": case.values, "cap": case.limit}), seed=0)
    dates = pd.DataFrame({"ds": to_dates(case.years[-1] + case.ahead), "cap": case.limit_ahead})
    return np.quantile(rival.predictive_samples(dates)["yhat"], LEVELS, axis=1).T


def follow_bass(years, level, innovation, imitation, launch):
    """Bass's curve since its launch."""
    decay = np.exp(-(innovation + imitation) * np.maximum(years - launch, 0))
    return level * (1 - decay) / (1 + imitation / innovation * decay)


CURVES = {  # the curve; where the search starts, from a line's slope and middle; limits, but the saturation level's
    "Logistic": (
        lambda years, level, rate, middle: level / (1 + np.exp(-rate * (years - middle))),
        lambda slope, middle, first: (slope, middle),
        ([0, -np.inf], [np.inf, np.inf]),
    ),
    "Gompertz": (
        lambda years, level, rate, middle: level * np.exp(-np.exp(-rate * (years - middle))),
        lambda slope, middle, first: (slope, middle),
        ([0, -np.inf], [np.inf, np.inf]),
    ),
    "Bass": (
        follow_bass,
        lambda slope, middle, first: (0.01, max(slope, 0.05), first - 5),
        ([1e-6, 0, -100], [1, 5, 0]),
    ),
}


def forecast_curve(family, case):
    """Quantiles (H, Q) of a curve by scipy's curve_fit: normal, of its parameters' errors and the noise."""
    curve, start, (least, most) = CURVES[family]
    years, ahead, top = case.years - case.years[-1], case.ahead, case.limit[-1]
    share = np.clip(case.values / top, 0.001, 0.99)
    slope, height = np.polyfit(years, np.log(share / (1 - share)), 1)
    slope = max(slope, 0.01)
    begin = (0.999 * top, *start(slope, -height / slope, years[0]))
    if len(years) <= len(begin):
        raise ValueError("as many parameters as values")
    room = ([0, *least], [top, *most])
    found, covariance = curve_fit(curve, years, case.values, np.clip(begin, *room), bounds=room, max_nfev=10_000)
    noise = ((case.values - curve(years, *found)) ** 2).sum() / (len(years) - len(found))
    size = 1e-5 * np.maximum(np.abs(found), 1e-3)
    steps = [curve(ahead, *(found + move)) - curve(ahead, *(found - move)) for move in np.diag(size)]
    slopes = np.array(steps).T / (2 * size)
    spread = np.sqrt(np.einsum("hi,ij,hj->h", slopes, covariance, slopes) + noise)
    return curve(ahead, *found)[:, None] + spread[:, None] * ndtri(LEVELS)


def forecast_fisher_pry(case):
    """Quantiles (H, Q) of the logistic curve to the limit: a straight line through log odds, with its t interval."""
    years, ahead = case.years - case.years[-1], case.ahead
    share = np.clip(case.values / case.limit, 0.001, 0.999)
    line = stats.linregress(years, logit(share))
    freedom, centred = len(years) - 2, ahead - years.mean()
    noise = ((logit(share) - line.intercept - line.slope * years) ** 2).sum() / freedom
    spread = np.sqrt(noise * (1 + 1 / len(years)) + (line.stderr * centred) ** 2)
    path = line.intercept + line.slope * ahead
    return case.limit_ahead[:, None] * expit(path[:, None] + spread[:, None] * stats.t.ppf(LEVELS, freedom))


def list_rivals():
    """Functions that take a `Case`, by name and the package that they are of."""
    import prophet
    from statsforecast import models

    logging.getLogger("cmdstanpy").disabled = True
    logging.getLogger("prophet").setLevel(logging.ERROR)
    rivals = {name: ("statsforecast", partial(forecast_statsforecast, getattr(models, name)())) for name in MODELS}
    rivals["Prophet, capped"] = "prophet", partial(forecast_prophet, prophet)
    rivals |= {f"{name}, capped": ("scipy", partial(forecast_curve, name)) for name in CURVES}
    return rivals | {"Fisher-Pry": ("scipy", forecast_fisher_pry)}


MODELS = ("AutoETS", "AutoTheta", "RandomWalkWithDrift")


def list_cases(series, rows):
    """A case for each origin of rows, beside the places of its rows."""
    for (entity, indicator, origin), part in rows.groupby(["entity", "indicator", "origin"]):
        one = next(
            each
            for each in series
            if (each.entity, each.indicator) == (entity, indicator) and origin in each.values.index
        )
        values = one.values[one.values.index <= origin]
        values = values.iloc[find_spaced(decimal_years(values.index))[-int(part["window"].iloc[0]) :]]
        years = decimal_years(values.index)
        limit = one.limit.at(years, years[-1])
        yield part.index, Case(years, values.to_numpy(float), limit, *part[["years", "limit_ahead"]].to_numpy(float).T)


def forecast_formula(kind, case):
    """The formula's own quantiles, for the time that they take."""
    t, h = (case.years - case.years[-1])[None], case.ahead[None]
    x = (case.values / case.limit)[None]
    spread = np.sqrt(model.variances(t, x, h, kind).sum(axis=-1))
    ahead, limit_sd = model.forecast_limit(t, case.limit[None], h)
    return model.quantiles(model.find_path(t, x, h, kind), spread, LEVELS, ahead, limit_sd, x[:, -1:], kind)[0]


def thin(rows):
    """Rows of at most `ORIGINS` origins of each technology, evenly spread over them."""
    keys = ["entity", "indicator", "origin"]
    kept = []
    for _, part in rows.groupby("technology"):
        each = part[keys].drop_duplicates().sort_values(keys)
        places = np.unique(np.linspace(0, len(each) - 1, ORIGINS).round().astype(int))
        kept.append(part.merge(each.iloc[places], on=keys))
    return pd.concat(kept, ignore_index=True)


def compare():
    """Every forecaster with its own interval and with ours, beside the formula, by set and number of values."""
    data = indicators.load()
    sales = [each for role in ("reference", "held_out") for each in data.references(role=role, measure="flow")]
    frames = []
    early = [*data.references(), *data.references(role="early")]
    norway = [each for each in sales if (each.entity, each.indicator) == ("Norway", "electric_car_share")]
    sets = {"comparison": data.references(), "early": early, "sales": sales, "Norway": norway}
    for name, series in sets.items():
        kind = "limit" if name in ("comparison", "early") else "sales"
        every = backtest(series, kind, FIGURES, since="all")
        every = every[(every["share"] < EARLY) == (name == "early")] if kind == "limit" else every
        for figures in FIGURES:
            chosen = (every["window"] == figures) & every["horizon_years"].isin(HORIZONS)
            rows = thin(every[chosen])
            cases = list(list_cases(series, rows))
            rivals = {"the formula": ("", partial(forecast_formula, kind))} | list_rivals()
            for title, (package, ask) in rivals.items():
                found, seconds = forecast_all(ask, cases, len(rows))
                about = {"set": name, "given": figures, "method": title, "seconds": seconds}
                about["version"] = f"{package} {metadata.version(package)}" if package else ""
                frames += judge(rows, found, kind, about)
                print(about, flush=True)
    return relate(pd.concat(frames, ignore_index=True))


def forecast_all(ask, cases, size):
    """Quantiles (R, Q) of a rival, NaN where it has no answer, and the median processor seconds of an origin."""
    found, seconds = np.full((size, len(LEVELS)), np.nan), []
    for places, case in cases:
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found[places] = ask(case)
            except Exception:  # noqa: BLE001 - whatever it is, there is no answer
                found[places] = np.nan
        seconds.append(time.process_time() - began)
    return found, float(np.median(seconds))


def judge(rows, found, kind, about):
    """Means by horizon and technology, with its own interval and with ours; a straight line where it has no answer."""
    actual, ahead, limit_sd, spread, line = rows[
        ["actual", "limit_ahead", "limit_sd", "spread", "straight_line"]
    ].to_numpy(float).T  # fmt: skip
    lost = ~np.isfinite(found).all(axis=1)
    ours = np.where(lost, line, np.clip(found[:, len(LEVELS) // 2], 0, ahead)) / ahead
    banded = model.quantiles(ours, spread, LEVELS, ahead, limit_sd, rows["share"].to_numpy(float), kind)
    own = np.where(lost[:, None], banded, np.clip(found, 0, ahead[:, None]))
    own = found if about["method"] == "the formula" else own
    for bands, quantiles in (("its own", own), ("ours", banded)):
        frame = rows[["horizon_years", "technology"]].assign(
            wis=scores.quantile_score(actual, quantiles, LEVELS) / rows["limit"],
            coverage_80=100 * ((actual >= quantiles[:, 1]) & (actual <= quantiles[:, 5])),
            forecasts=1,
        )
        how = {"wis": "mean", "coverage_80": "mean", "forecasts": "sum"}
        means = frame.groupby(["horizon_years", "technology"]).agg(how).reset_index()
        if bands == "its own" or about["method"] != "the formula":
            yield means.assign(**about, bands=bands, without_answer=100 * lost.mean())


def relate(frame):
    """Means over technologies, and WIS over the formula's with an interval from drawing technologies anew."""
    rows, keys = [], ["set", "given", "method", "bands", "version", "horizon_years"]
    parts = {key: part.set_index("technology") for key, part in frame.groupby(keys, sort=False)}
    for key, part in parts.items():
        best = parts[*key[:2], "the formula", "its own", "", key[-1]]["wis"]
        size = (len(part), part["forecasts"].sum())
        numbers = (*bootstrap(part["wis"], best), part["coverage_80"].mean())
        rows.append((*key, *size, *numbers, part["without_answer"].iloc[0], part["seconds"].iloc[0]))
    names = ["technologies", "forecasts", "wis_over_ours", "low", "high", "coverage_80", "without_answer", "seconds"]
    return pd.DataFrame(rows, columns=[*keys, *names])


def write_tables(table):
    """Text between the marks of peers.md: scores by forecaster and horizon, and where another is better."""
    text = [f"With {', '.join(sorted({version for version in table['version'] if version}))}."]
    has_score = table["without_answer"] < MOST_LOST
    shown = table.assign(cell=[f"{row.wis_over_ours:.2f} ({row.coverage_80:.0f})" for row in table.itertuples()])
    shown.loc[~has_score, "cell"] = "-"
    for (name, figures), part in shown.groupby(["set", "given"], sort=False):
        technologies = format_count(part["technologies"].max(), "technology", "technologies")
        size = f"{technologies}, {part.groupby('horizon_years')['forecasts'].max().sum():,}"
        text.append(f"\n## {SETS[name]}, from {figures} values ({size} forecasts)\n")
        wide = part.set_index(["method", "bands", "horizon_years"])["cell"].unstack(sort=False)
        text.append(f"| forecaster; interval | {' | '.join(format_count(each, 'year') for each in wide)} | seconds |")
        text.append("|---" * (len(wide.columns) + 2) + "|")
        seconds = part.groupby("method")["seconds"].first()
        for (method, bands), row in wide.iterrows():
            cells = [*row, "-" if (row == "-").all() else f"{seconds[method]:.2g}"]
            text.append(f"| {method}; {bands} | {' | '.join(cells)} |")
    lost = table[table["without_answer"] > 0].drop_duplicates(["set", "given", "method"])
    each = [
        f"{row.method} at {row.without_answer:.3g}% ({SETS[row.set]}, {row.given} values)" for row in lost.itertuples()
    ]
    text.append(f"\nForecasts without an answer: {'; '.join(each) or 'none'}.")
    rivals = table[has_score & (table["method"] != "the formula") & (table["technologies"] > 1)]
    better = rivals[rivals["wis_over_ours"] < 1]
    sure = f"In {len(better)} of {len(rivals)} cells another's WIS is lower than the formula's, in "
    text.append(f"\n## Where another is better\n\n{sure}{(better['high'] < 1).sum()} with an interval below 1.\n")
    for row in better.itertuples():
        what = f"{SETS[row.set]}, {row.given} values, {format_count(row.horizon_years, 'year')}: {row.method}"
        interval = f"{row.low:.2f} to {row.high:.2f}, {row.technologies} technologies"
        text.append(f"- {what}, interval {row.bands}: {row.wis_over_ours:.2f} ({interval})")
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
    compare().to_csv(TABLE, index=False, float_format="%.4g", lineterminator="\n")
    write_page()
    print(f"{TABLE} and {PAGE} are written.")


if __name__ == "__main__":
    main()
