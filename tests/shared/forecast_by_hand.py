"""The published forecast of a growing series with a limit from notebook 4's table of residuals, as a reader writes it.

Shares are of the limit, g is the Gompertz scale; three figures or more, 0.4 years apart, that have not levelled off.
"""

from functools import partial

import numpy as np
from scipy.optimize import brentq, least_squares, minimize_scalar
from scipy.special import expit, ndtr, ndtri

CURVES = {
    "gompertz_prior": (lambda since: np.exp(-np.exp(np.minimum(-since, 700))), lambda share: -np.log(-np.log(share))),
    "logistic_prior": (expit, lambda share: np.log(share / (1 - share))),
}
BOX = np.array([[np.log(1e-4), -60], [np.log(1e4), 120]])
TIGHT = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 2000, "x_scale": "jac"}
MEMBERS = ("gompertz_shrunk", *CURVES, "damped_drift")
GROUP, ORIGIN = ["technology", "horizon_years", "window"], ["technology", "entity", "indicator", "origin", "window"]


def g(share):
    return -np.log(-np.log(np.clip(share, 1e-6, 0.999)))


def g_slope(share):
    held = np.clip(share, 0.01, 0.95)
    return -1 / (held * np.log(held))


def damp(years):
    return (0.8**years - 1) / np.log(0.8)


def scale(share, last, floor):
    """The height of shares above a floor on the scale g, and how much steeper than g it is there."""
    part, held = ((each - floor * last) / (1 - floor * last) for each in (share, np.clip(share, 0.01, 0.95)))
    return g(part), g_slope(held) / (1 - floor * last) / g_slope(share)


def list_variances(years, count, rate, omega, steep):
    walk, trend = omega**2 * years * count / (count - 2), (rate * damp(years)) ** 2 / count
    return np.stack([walk, trend, (0.02 * steep * damp(years)) ** 2], axis=1)


def weigh_variances(variances, errors, weights):
    """The three lambdas by maximum likelihood of Student's t with 4 degrees of freedom (Fisher scoring)."""
    weights, squares = weights / weights.sum(), errors**2
    logs = np.full(3, np.log((weights @ np.minimum(squares, 1)) / (weights @ variances.sum(axis=1))))
    for _ in range(100):
        parts = variances * np.exp(logs)
        total = parts.sum(axis=1)
        parts, ratio = parts / total[:, None], squares / total
        score = (weights * (5 * ratio / (4 + ratio) - 1) / 2) @ parts - 1e-4 * logs
        step = np.linalg.solve((parts.T * (weights * 4 / 7 / 2)) @ parts + 1e-4 * np.eye(3), score)
        logs = logs + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return np.exp(logs)


class Lessons:
    """What the table of residuals teaches, with the table of references for the prior."""

    def __init__(self, rows, references):
        number = {name: rows[name].to_numpy(float) for name in rows.select_dtypes("number")}
        self.weights = 1 / rows.groupby(GROUP)["years"].transform("size").to_numpy()
        self.last, self.came = number["share"], number["actual"] / number["bound_then"]
        told = (number[name] for name in ("years", "window", "rate", "roughness", "stretch"))
        self.variances, self.count = list_variances(*told), rows["technology"].nunique()
        known = references[references["points"] >= 4]
        share = np.clip(known["last_share"] / 100, 1e-6, 0.98)
        logits = np.log(share / (1 - share)).groupby(known["technology"]).mean()
        self.prior = logits.mean(), logits.std()
        gain = g(number["actual"] / number["bound_ahead"]) - g(self.last)
        design = np.stack([number["years"], number["rate"] * number["years"]], axis=1)
        errors = gain - design @ [0, 1]
        root = np.sqrt(self.weights / (self.variances @ weigh_variances(self.variances, errors, self.weights)))
        self.line = np.linalg.lstsq(root[:, None] * design, root * gain, rcond=None)[0]
        self.floor = max(0, 1 - 2 * max(1 - (self.came / self.last).min(), 0.05))
        self.bands = {name: self.calibrate(number[name] / number["bound_ahead"]) for name in MEMBERS}
        score = sum(scores for *_, scores in self.bands.values()) / len(MEMBERS)
        self.delta = fit_delta(rows[[*ORIGIN, "horizon_years"]].assign(score=score))

    def calibrate(self, path):
        """Lambdas of a member, its quotients in order, the weight below each, and the normal scores of its errors."""
        heights, steeper = scale(path, self.last, self.floor)
        errors = scale(self.came, self.last, self.floor)[0] - heights
        variances = self.variances * steeper[:, None] ** 2
        weights = weigh_variances(variances, errors, self.weights)
        sizes = np.abs(errors) / np.sqrt(variances @ weights)
        order = np.argsort(sizes, kind="stable")
        below = (np.cumsum(self.weights[order]) - self.weights[order] / 2) / self.weights.sum()
        return weights, sizes[order], below, np.sign(errors) * ndtri((1 + np.interp(sizes, sizes[order], below)) / 2)


def fit_delta(rows):
    """The power of (earlier / later) that comes closest to the correlations of scores at two horizons."""
    size = rows.groupby(ORIGIN)["score"].transform("size")
    rows = rows[size >= size.max() - 1]
    pairs = rows.merge(rows, on=ORIGIN, suffixes=("", "_later")).query("horizon_years < horizon_years_later")
    pairs["product"], pairs["own"] = pairs["score"] * pairs["score_later"], pairs["score"] ** 2
    pairs["later"] = pairs["score_later"] ** 2
    by = ["horizon_years", "horizon_years_later"]
    mean = pairs.groupby([*by, "technology"])[["product", "own", "later"]].mean().groupby(by).mean()
    measured, number = mean["product"] / np.sqrt(mean["own"] * mean["later"]), pairs.groupby(by)["technology"].nunique()
    parts = measured.index.get_level_values(0) / measured.index.get_level_values(1)
    return minimize_scalar(lambda d: number @ (measured - parts**d) ** 2, bounds=(0, 3), method="bounded").x


def leave_over(curve, ceiling, time, values, limit, theta):
    return values - limit * ceiling * curve(np.exp(theta[0]) * (time - theta[1]))


class Forecast:
    """Quantiles of a series (years, values) with a limit (limit_years, limit_values), by what `Lessons` say."""

    def __init__(self, lessons, years, values, limit_years, limit_values):
        self.lessons, self.years, self.values = lessons, years[-8:], values[-8:]
        self.limit_years, self.limit_values, seen = limit_years, limit_values, limit_years <= years[-1] + 1e-9
        self.known = np.interp(self.years, limit_years[seen], limit_values[seen])
        self.shares, self.count = self.values / self.known, len(self.years)
        self.gaps, heights = np.diff(self.years), g(self.shares)
        self.rate = np.polyfit(self.years - self.years.mean(), heights, 1)[0]
        self.omega = self.deviate(heights)[1]

    def deviate(self, values):
        """Mean change a year, and standard deviation of the steps about it per root of a year."""
        change = (values[-1] - values[0]) / self.gaps.sum()
        return change, np.sqrt(((np.diff(values) - change * self.gaps) ** 2 / self.gaps).sum() / (self.count - 2))

    def look_ahead(self, h):
        """The limit, and its standard error."""
        (change, shock), until = self.deviate(self.known), max(0, self.limit_years[-1] - self.years[-1])
        drifted = np.maximum(self.known[-1] + change * damp(np.r_[until, h]), 0.1 * self.known[-1])
        published, beyond = np.interp(self.years[-1] + h, self.limit_years, self.limit_values), np.maximum(h - until, 0)
        limit = np.where(h > until, published * drifted[1:] / drifted[0], published)
        return limit, shock * np.sqrt(beyond * (1 + beyond / self.gaps.sum()))

    def average_ceilings(self, curve, link, h):
        """Path in shares: 25 ceilings by the likelihood of the best curve at each."""
        time, gains, squares, (mean, sd) = (self.years - self.years[0]) / self.gaps.sum(), [], [], self.lessons.prior
        for ceiling in expit(mean + sd * (4 * (np.arange(25) + 0.5) / 25 - 2)):
            slope, height = np.polyfit(time, link(np.clip(self.shares / ceiling, 1e-4, 0.995)), 1)
            slope = np.clip(slope, 1 / 60, 60)
            fit = partial(leave_over, curve, ceiling, time, self.values / self.known[-1], self.known / self.known[-1])
            theta = least_squares(fit, np.clip([np.log(slope), -height / slope], *BOX), bounds=BOX, **TIGHT).x
            now, then = (ceiling * curve(np.exp(theta[0]) * (at - theta[1])) for at in (1, 1 + h / self.gaps.sum()))
            gains.append(then - now)
            squares.append((fit(theta) ** 2).sum())
        weights = (np.array(squares) + 0.005**2) ** (-(self.count - 2) / 2)
        return self.shares[-1] + weights @ gains / weights.sum()

    def draw_paths(self, h):
        limit, last, (intercept, slope) = self.look_ahead(h)[0], self.values[-1], self.lessons.line
        moved = g(self.shares[-1]) + (intercept + slope * self.rate) * h
        paths = {
            "gompertz_shrunk": limit
            * (self.shares[-1] + np.exp(-np.exp(-moved)) - np.exp(-np.exp(-g(self.shares[-1]))))
        }
        paths |= {name: limit * self.average_ceilings(*curve, h) for name, curve in CURVES.items()}
        rise, room = self.deviate(self.values)[0] * damp(h), np.maximum(limit - last, 0)
        paths["damped_drift"] = last + np.where(rise > 0, rise * room / np.hypot(rise, room), rise)
        return {name: np.clip(path, 0, limit) for name, path in paths.items()}

    def quantiles(self, h, levels):
        """Quantiles (H, Q) of the mean at levels (Q,), or (H, Q)."""
        (limit, limit_sd), lessons, levels = self.look_ahead(h), self.lessons, np.asarray(levels, float)
        variances, low = (
            list_variances(h, self.count, self.rate, self.omega, g_slope(self.shares[-1])),
            lessons.floor * self.shares[-1],
        )
        inner, parts = np.minimum(np.abs(2 * levels - 1) * (1 + 1 / lessons.count), 1), []
        for name, path in self.draw_paths(h).items():
            weights, sizes, below, _ = lessons.bands[name]
            heights, steeper = scale(path / limit, self.shares[-1], lessons.floor)
            away = np.sign(levels - 0.5) * np.interp(inner, np.r_[0, below], np.r_[0, sizes])
            moved = heights[:, None] + (np.sqrt(variances @ weights) * steeper)[:, None] * away
            middle, share = (
                low + (1 - low) * np.exp(-np.exp(-np.clip(each, -50, 50))) for each in (heights[:, None], moved)
            )
            by_limit = middle * limit_sd[:, None] * ndtri(levels)
            apart = np.hypot(limit[:, None] * (share - middle), by_limit)
            parts.append(limit[:, None] * middle + np.sign(levels - 0.5) * apart)
        return sum(parts) / len(parts)

    def quantiles_after(self, h, levels, newer_h, at_least):
        """The same, of the endlessly many paths that are at least so high at `newer_h`."""
        below = brentq(lambda p: self.quantiles(np.array([newer_h]), [p])[0, 0] - at_least, 1e-6, 1 - 1e-6)
        given, scores = ndtri(below + (1 - below) * (np.arange(20000) + 0.5) / 20000), np.linspace(-6, 6, 601)
        within = np.tile(below + (1 - below) * np.asarray(levels, float), (len(h), 1))  # as it is at newer_h itself
        for row in np.flatnonzero(np.abs(h - newer_h) > 1e-9):
            part = (min(h[row], newer_h) / max(h[row], newer_h)) ** self.lessons.delta
            reached = [ndtr((score - part * given) / np.sqrt(1 - part**2)).mean() for score in scores]
            within[row] = ndtr(np.interp(ndtri(levels), ndtri(np.clip(reached, 1e-12, 1 - 1e-12)), scores))
        return self.quantiles(h, within)
