"""A result of the explorer in words, in numbers and as code."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pandas as pd

from ..base.words import lower_first, of_entity, say, say_count, say_date, say_end, say_first, say_name, say_range
from ..forecast import NOT_REACHED
from ..say.facts import Facts
from .explore import Result

COMPUTING = "computing"


def describe(result: Result) -> str:
    """What the picture shows, for readers who can't see it."""
    series, selection = result.series, result.selection
    bound = "" if series.bound is None else f", the known bound ({lower_first(series.bound_title)})"
    curve = "" if result.chosen is None else f", a fitted {selection.curve}"
    ahead = f", the forecast {say_count(selection.horizon_years, 'year')} on with its bands" if result.forecast else ""
    return f"{of_entity(series.title, series.entity)} by date{bound}{curve}{ahead}"


def judge(result: Result) -> tuple[bool, str]:
    """Whether growth levels off, and the verdict with its sentence: "Not known: where growth ends, ..."."""
    found = result.ceiling
    if result.waits:
        return False, f"{say_first(COMPUTING)}: where growth ends."
    if found is None:
        return False, "Not known: these figures carry no curve with a free ceiling."
    return found.verdict == "levels off", f"{say_first(found.verdict)}: {say_end(found, result.series.unit, why=True)}."


def say_ceiling(result: Result) -> str:
    """What the ceiling of the drawn curve is, and how it came to be; a free one only where it is identified."""
    chosen, kind = result.chosen, result.selection.ceiling
    if chosen is None:
        return "no curve is drawn"
    if kind == "free" and result.waits:
        return COMPUTING
    if kind == "free" and not result.identified:
        return "not identified, so none is given"
    text, share = say(chosen.ceiling, result.series.unit), f"{100 * result.selection.share:g} %"
    if kind == "free":
        return text
    given = "given: the bound" if kind == "bound" else f"given: {share} of the bound"
    return f"{given}, {text} in {say_date(result.series.values.index[-1])}"


def list_numbers(result: Result) -> dict[str, str]:
    """The key numbers of a result as text, by what they are."""
    series, forecast, values, unit = result.series, result.forecast, result.series.values, result.series.unit
    numbers = {f"Last figure, {say_date(values.index[-1])}": say(values.iloc[-1], unit)}
    for date, row in series.newer.iterrows():
        numbers[f"Newer bound, {say_date(date)}"] = f"{say_name(row['bound'])} {say(row['value'], unit)}"
    if series.bound is not None and series.bound_title:
        share = say(100 * series.share.iloc[-1], "percent")
        numbers[f"Share of the bound ({lower_first(series.bound_title)})"] = share
    growth = Facts({"02_growth": pd.DataFrame({"date": values.index, "value": values.to_numpy()})}, vars(series), "")
    if growth.before is not None and growth.gain is not None:
        grown = say(growth.gain, "percentage points" if growth.is_share else "percent")
        numbers[f"Growth since {say_date(growth.before['date'])}"] = f"{'+' if growth.gain > 0 else ''}{grown}"
    numbers[f"Ceiling of the {result.selection.curve}"] = say_ceiling(result)
    if forecast is None:
        return numbers
    end, beyond = forecast.quantiles.iloc[-1], "" if forecast.tested[-1] else "; beyond what was tested"
    band = f"median {say(end[0.5])}, 80 % band {say_range(end[0.1], end[0.9], unit)}{beyond}"
    numbers[f"Forecast, {say_date(forecast.dates[-1])}"] = (
        "no range, below its peak" if forecast.declines else "refuted by the newer bound" if forecast.refuted else band
    )
    if result.selection.ceiling != "free":
        numbers["Curve and forecast"] = "two things: the forecast weighs all ceilings, whichever is chosen"
    if series.bound is not None and result.waits:
        numbers["Shares of the bound"] = COMPUTING
    for row in () if result.milestones is None else result.milestones.itertuples():
        numbers[f"{100 * row.share:g} % of the bound"] = say_milestone(row, series)
    return numbers


def say_milestone(row: Any, series: Any) -> str:
    """When a share of the bound was passed, by the figures around it; or when it is expected, and how sure that is."""
    if row.status == "reached":
        above = series.share >= row.share
        later = series.newer.index if not above.any() else above.index[above]
        before = series.share.index[series.share.index < later[0]]
        since = f"between {say_date(before[-1])} and " if len(before) else "by "
        return f"passed {since}{say_date(later[0])}"
    dates = [row.median, row.earliest, row.latest]
    median, early, late = (date if date == NOT_REACHED else say_date(date) for date in dates)
    if early == NOT_REACHED:
        return early
    return f"expected: {median} (median; 80 % interval: {early} to {late})"


def write_code(result: Result, source: str = "data") -> str:
    """Python that computes what is seen, by public functions alone."""
    selection, series, quote = result.selection, result.series, partial(json.dumps, ensure_ascii=False)
    load = [quote(source)] * (source != "data") + [f"as_of={quote(selection.as_of)}"] * bool(selection.as_of)
    key = map(quote, filter(None, (selection.entity, selection.indicator, series.bound_name)))
    known = [name for name in ("bound", "errors", "known_se") if getattr(series, name) is not None]
    lines = [
        f"data = indicators.load({', '.join(load)})",
        f"series = data.series({', '.join(key)})",
        f"found = curves.assess_ceiling({', '.join(['series.values', *(f'{name}=series.{name}' for name in known)])})",
        'print(found, found.table, sep="\\n")',
    ]
    if result.forecast is not None:
        given = f"references=data.references(), horizon_years={selection.horizon_years:g}"
        lines += [f"result = forecast.forecast(series, {given})", "print(result.quantiles)", "axes = result.plot()"]
    if result.chosen is not None:
        model, share = result.chosen.model, 1.0 if selection.ceiling == "bound" else selection.share
        given = "" if selection.ceiling == "free" else f", ceiling=curves.Share(series.bound, {share:g})"
        given += ", errors=series.errors" if model.errors is not None else ""
        lines += [f"curve = curves.{type(model).__name__}(series.values{given})"]
        lines += ["print(curve.fit().params)"]
    return "\n".join(["from adoption_curves import curves, forecast, indicators", "", *lines, ""])
