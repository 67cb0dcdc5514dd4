"""The sentences of a page: a function for each kind, in the order of the page, and the sentences that kinds share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pandas as pd

from ..base.columns import UNNAMED
from ..base.fallen import LEAST_FALL
from ..base.fan import find_drawn
from ..base.words import (
    round_off,
    round_range,
    say,
    say_ahead,
    say_count,
    say_date,
    say_day,
    say_figure,
    say_first,
    say_limit,
    say_odds,
    say_percent,
    say_place,
    say_unit,
    spell,
)
from .facts import Facts, Names, Row

_MOST_NAMED = 2
"""Comparison technologies that a sentence names."""
_LOST = 3
"""Percent that a technology must have lost since its highest share for that to be named."""
_MANY_TIMES = 1.5
"""From this ratio on growth is given as a multiple, below it in percent."""
_UNTESTED = {"flow": "what is sold or added in a year", "cumulative": "a total so far"}
"""What no forecast was tested on, by measure."""
_ANEW = "counted anew since"


@dataclass(frozen=True)
class Page:
    """What a page says, part by part; "" where there is nothing to say. Numbers are the names of key numbers."""

    headline: str
    deck: str
    known: str
    now: str
    speed: str
    forecast: str
    caution: str
    quote: str
    quote_not: str
    title: str
    alt: str
    numbers: tuple[str, ...]


def write_page(facts: Facts) -> Page:
    """The sentences of a run."""
    kinds = {"few": _write_few, "fallen": _write_fallen, "refuted": _write_refuted, "still": _write_stands}
    kinds |= {"levelled": _write_stands, "near": _write_near, "open": _write_no_range, "flow": _write_no_range}
    return kinds.get(facts.kind, _write_rises)(facts)


# ---- a function for each kind of page -----------------------------------------------------------------------------


def _write_rises(facts: Facts) -> Page:
    """A series that rises: its range leads. Of totals so far the last one is said beside it."""
    is_total, names = facts.kind == "cumulative", facts.names
    if facts.range is None:
        return _write_no_range(facts)
    unit, own, goal = names.unit, names.own, _say_goal(facts)
    (low, high), behind = round_range(facts.range["low"], facts.range["high"], unit, own)
    headline = f"{_say_name(names)}: {say_base(names, f'{low} to {high}{behind}')} {goal}"
    if is_total:
        headline += f", after {say_base(names, facts.say(facts.last['value']))} {facts.when(facts.last)}"
    elif doing := say_doing(names, f"between {low} and {high}{behind}", "may "):
        headline = f"{doing} {goal}"
    growth = [_say_growth(facts), _say_below_peak(facts)]
    growth += [] if is_total else [_say_rise(facts), _say_rivals(facts)]
    return Page(
        headline=_begin(facts, headline),
        deck=_join("" if is_total else _say_newest(facts), _say_forecast(facts)),
        known=_say_known(facts),
        now=_say_now(facts),
        speed=_join(*growth, _say_paces(facts)),
        forecast=_join(_say_tests(facts), "" if is_total else _say_class(facts)),
        caution=_join(_say_success(facts), _say_doubts(facts)),
        quote=_say_quote(facts),
        quote_not=_say_not(facts),
        title=_say_title(facts),
        alt=_say_alt(facts),
        numbers=("latest", "newest", *(("added",) if is_total else ("share", "change")), "forecast", "covered"),
    )


def _write_near(facts: Facts) -> Page:
    """A series near its limit: the share leads, or what is left."""
    names, last = facts.names, facts.last
    limit_is_series, did = names.limit_is_series, _say_did(facts, facts.say(last["value"]), last)
    left = facts.ceiling["sentence"].removeprefix("at most ")
    left = f"{left}{' points' if facts.is_share else say_unit(names.unit)} {'is' if left == '1' else 'are'}"
    headline = _say_last(facts) + (_say_share(facts) if limit_is_series else f", and at most {left} left")
    if did and not limit_is_series:
        headline = f"{did}: at most {left} left"
    falls = facts.range is not None and facts.range["low"] < last["value"]
    below = "Our range begins below the last figure: it allows for a fall." if falls else ""
    page = _write_rises(facts)
    return replace(
        page,
        headline=_begin(facts, headline),
        speed=_join(_say_growth(facts), _say_below_peak(facts)),
        caution=_join(below, _say_doubts(facts)),
        quote_not="Do not quote the middle alone.",
        numbers=("latest", "left", "change", "forecast", "covered"),
    )


def _write_stands(facts: Facts) -> Page:
    """A series that has not grown for a year, or never beyond its scatter."""
    names, standing, is_still = facts.names, facts.standing, facts.kind == "still"
    since = facts.date(standing)
    span = f"{say_span(facts)} since {since}"
    did = _say_did(facts, facts.say(facts.last["value"]), facts.last)
    headline = (
        f"{_say_name(names)}: {say_span(facts, True)} since {since}{', and no lasting growth' if is_still else ''}"
    )
    if did:
        headline = f"{did}; the figure has been {span}{', with no lasting growth' if is_still else ''}"
    above = facts.range is not None and facts.range["high"] > facts.peak["value"]
    above_all = "Our range ends above every figure so far. Most comparison technologies rose further." if above else ""
    page = _write_no_range(facts) if facts.range is None else _write_rises(facts)
    said = f"Do not quote it as a rise or a fall: since {since} the figures show neither."
    return replace(
        page,
        headline=_begin(facts, headline),
        deck=_join(_say_newest(facts), _say_forecast(facts)),
        speed=f"The figures have been {span}.",
        caution=_join(above_all, _say_doubts(facts)),
        quote_not=said if is_still else "Do not quote it as the level where growth stops.",
        numbers=("latest", "span", "forecast", "middle", "covered"),
    )


def _write_no_range(facts: Facts) -> Page:
    """A series whose forecast has no range: without a limit, a flow, or a total so far; the last figure leads."""
    names, latest, when = facts.names, _say_latest(facts), facts.date(facts.goal)
    page = Page(
        headline=_begin(facts, f"{latest}{_say_change(facts)}"),
        deck=_say_forecast(facts),
        known=_say_known(facts),
        now=_say_now(facts),
        speed=_join(_say_growth(facts), _say_below_peak(facts), _say_paces(facts)),
        forecast="",
        caution=_join(_say_success(facts), _say_doubts(facts)),
        quote=_say_quote(facts),
        quote_not=_say_not(facts),
        title=_say_title(facts),
        alt=_say_alt(facts),
        numbers=("latest", "newest", "added", "middle"),
    )
    if facts.kind == "open":
        speed = _join(_say_growth(facts), _say_below_peak(facts), _say_rise(facts), _say_rivals(facts))
        return replace(page, speed=speed, numbers=("latest", "newest", "share", "change", "middle"))
    if facts.kind != "flow":
        return page
    untested, last = _UNTESTED["flow"], f"{facts.say(facts.last['value'])} {facts.when(facts.last)}"
    count = "" if facts.is_share else "We have not tested it on numbers sold or added in a year."
    none = untested if facts.is_share else "numbers sold or added in a year"
    carried = f"Carried over to this, untested, it gives {say_about(facts)} for {when}."
    return replace(
        page,
        deck=f"Our method is made for how many are in use, not for {untested}. {carried}",
        speed=_join(_say_growth(facts), _say_below_peak(facts)),
        forecast=_join(f"Our forecasts were tested on how many are in use, never on {untested}.", count),
        caution=_say_jump(facts),
        quote=f"“{names.title}: {last}{_say_source(names)}.”",
        quote_not=f"Do not quote a forecast from this run: none was tested on {none}.",
        title=f"{_say_seen(facts)}{names.title}: {last}, and an untested forecast",
        alt=f"{_say_figures(facts)}, each of a year, and an untested forecast for {when}, {say_about(facts)}.",
        numbers=("latest", "change", "untested"),
    )


def _write_refuted(facts: Facts) -> Page:
    """A series whose newest figure contradicts the forecast that was made without it."""
    names, newer = facts.names, say_newer(facts)
    seen, when = _say_seen(facts), facts.when(facts.newer)
    return Page(
        headline=f"{seen}{_say_name(names)}: {newer} {when}, which the earlier figures did not let us expect",
        deck=_join(
            _say_last_exact(facts),
            "We give no forecast, because the newest figure contradicts the one that we made without it.",
        ),
        known=_say_known(facts),
        now=_say_now(facts),
        speed=_say_growth(facts),
        forecast="",
        caution=_join(_say_jump(facts), _say_country(facts)),
        quote=f"“{names.title}: {newer} {when}{_say_source(names)}.”",
        quote_not="Do not quote a forecast from this run: it has none.",
        title=f"{seen}{names.title}: no forecast, because the newest figure contradicts the earlier ones",
        alt=f"{_say_figures(facts)}. The newest figure, {newer}, contradicts the earlier ones.",
        numbers=("latest", "newest", "change"),
    )


def _write_fallen(facts: Facts) -> Page:
    """A series that has fallen from a peak: no forecast."""
    names, peak, last, seen = facts.names, facts.peak, facts.say(facts.last["value"]), _say_seen(facts)
    down = f"down from {facts.say(peak['value'])} in {facts.date(peak)}"
    fell = f"They fell from {facts.say(peak['value'])} in {facts.date(peak)} to {last}."
    return Page(
        headline=f"{seen}{_say_last(facts)}, {down}",
        deck=f"The newest figure that we use is {last}, for {facts.date(facts.last)}. We give no forecast: our curves "
        "only rise, and cannot show how far a series falls.",
        known=_say_known(facts),
        now=_say_now(facts),
        speed=_say_below_peak(facts),
        forecast="",
        caution="",
        quote=f"“{names.title}: {last} {facts.when(facts.last)}, {down}{_say_source(names)}.”",
        quote_not="Do not quote a forecast from this run: it has none.",
        title=f"{seen}{names.title}: no forecast, because the figures have fallen since {facts.date(peak)}",
        alt=f"{_say_figures(facts)}. {fell}",
        numbers=("latest", "peak", "fall"),
    )


def _write_few(facts: Facts) -> Page:
    """A series of one or two figures, perhaps counted anew: no forecast, but what others did from there."""
    names, count, earlier, fell = facts.names, len(facts.growth), facts.earlier, facts.fell
    shows = {0: "no exact figure shows a", 1: "one figure shows no", 2: "two figures are too few for a"}
    show = shows.get(count, "figures so near each other show no")
    are = {0: "no exact one", 1: "one", 2: "two"}.get(count, "none so far apart")
    headline, latest = f"{_say_latest(facts)}; {show} trend", _say_latest(facts)
    before, since, quote_not = "", "", f"Do not quote it as a trend: {show} trend."
    if earlier:
        anew = facts.date({"date": earlier["break"]})
        since, headline = f" since {anew}", f"{latest}, {_ANEW} {anew}"
        quote_not = f"Do not join it to figures from before {anew}, which are not comparable."
        was = f"{facts.say(earlier['value'])}, for {facts.date(earlier)}"
        before = f"The last figure from before is {was}. It is not comparable: {earlier['reason']}."
        if fell:
            down = f"from {facts.say(fell['value'])} in {facts.date(fell)} to {was.replace(', for', ' in')}"
            before = f"Before that it fell {down}; figures from before {anew} are not comparable: {earlier['reason']}."
    few = f"We give no forecast: it needs three figures, half a year apart, and there {'are' if count > 1 else 'is'}"
    warned = "Most of these technologies succeeded; one that fails may stand below." if facts.later else ""
    return Page(
        headline=f"{_say_seen(facts)}{headline}",
        deck=_join(_say_last_exact(facts), f"{few} {are}{since}.", before, _say_later(facts)),
        known=_say_known(facts),
        now=_say_now(facts),
        speed="",
        forecast="",
        caution=_join(warned, _say_country(facts, who=False)),
        quote=f"“{latest}{_say_source(names)}.”",
        quote_not=quote_not,
        title=f"{_say_seen(facts)}{headline}",
        alt=f"{_say_figures(facts)}.",
        numbers=("latest", "newest"),
    )


# ---- headline, deck and quotation ---------------------------------------------------------------------------------


def _join(*sentences: str) -> str:
    """Sentences as a paragraph, without those that have nothing to say."""
    return " ".join(" ".join(filter(None, sentences)).split())


def _begin(facts: Facts, text: str) -> str:
    """A headline with the day until which figures are known, where that is not today."""
    return say_first(f"{_say_seen(facts)}{text}")


def _say_seen(facts: Facts) -> str:
    """The day until which figures are known, or the last figure where the forecast lies in the past; else ""."""
    if facts.names.as_of:
        return f"As seen on {say_day(pd.Timestamp(facts.names.as_of))}: "
    is_past = facts.goal is not None and facts.goal["date"] <= facts.names.known
    return f"From figures up to {facts.date(facts.last)}: " if is_past else ""


def _say_name(names: Names) -> str:
    """The title before a colon: with one of its own it still reads as one name."""
    return names.title.replace(": ", ", ")


def say_base(names: Names, amount: str) -> str:
    """An amount behind the title: of what the share is, unless the title says it; a count without what the title says.

    >>> say_base(Names("Heat pumps", "percent of homes"), "28%")
    '28% of homes'
    >>> say_base(Names("Cars sold", "million cars"), "1.4 million cars")
    '1.4 million'
    """
    unit, title = names.unit, names.title.lower()
    base = unit.removeprefix("percent of ")
    if names.unit.startswith("percent"):
        return amount if base == unit or base.lower() in title else f"{amount} of {base}"
    if unit.startswith("index"):
        return f"{amount} ({re.sub('[()]', '', unit)})"
    counted = re.sub("^(thousand|million|billion) ", "", unit)
    return amount.removesuffix(f" {counted}") if counted.lower() in title else amount


def say_doing(names: Names, amount: str, ahead: str = "", past: bool = False) -> str:
    """An amount of people who do something: "602 million people in China use generative AI"; "" without a verb."""
    if not names.doing:
        return ""
    who = f"{amount} of {names.people}" if names.unit.startswith("percent") else amount
    where = "" if names.entity == UNNAMED else f" in {say_place(names.entity)}"
    verb = re.sub("^use\\b", "used", names.doing) if past else f"{ahead}{names.doing}"
    return f"{who}{where} {verb}"


def say_users(names: Names, value: float) -> str:
    """A level for a figure's title: "602 million people in China used generative AI"; "Heat pumps: 28% of homes"."""
    amount = say_figure(value, names.unit, names.own)
    return say_doing(names, amount, past=True) or f"{names.title}: {say_base(names, amount)}"


def say_span(facts: Facts, based: bool = False) -> str:
    """The lowest and the highest figure since a series stands."""
    low, high = facts.say(facts.standing["low"]), facts.say(facts.standing["high"])
    return f"{low.removesuffix(say_unit(facts.names.unit))} to {say_base(facts.names, high) if based else high}"


def _say_did(facts: Facts, amount: str, row: Row) -> str:
    """What people did at a date; in the present, with the date in brackets, where the past of the verb is not known."""
    did, do = (say_doing(facts.names, amount, past=past) for past in (True, False))
    told = f"{do} ({facts.date(row)})" if did == do else f"{did} {facts.when(row)}"
    return told if do else ""


def _say_last(facts: Facts) -> str:
    """The last exact figure with its date."""
    amount, names = facts.say(facts.last["value"]), facts.names
    did = _say_did(facts, amount, facts.last)
    return did or f"{_say_name(names)}: {say_base(names, amount)} {facts.when(facts.last)}"


def say_newer(facts: Facts) -> str:
    """A newer limit as printed: more than 700 million people."""
    return say_limit(SimpleNamespace(**facts.newer), facts.names.unit) if facts.newer else ""


def _say_latest(facts: Facts) -> str:
    """The last figure, or the newer limit."""
    if not facts.newer:
        return _say_last(facts)
    did = say_first(_say_did(facts, say_newer(facts), facts.newer))
    named = f"{_say_name(facts.names)}: {say_base(facts.names, say_newer(facts))} {facts.when(facts.newer)}"
    return did or named


def _say_figures(facts: Facts) -> str:
    """The figures that are drawn, for the alternative text."""
    name, newer = _say_name(facts.names), f"{say_newer(facts)} for {facts.date(facts.newer or facts.last)}"
    if not facts.growth:
        return f"{name}: {newer}"
    drawn, _ = find_drawn([row["date"] for row in facts.growth], facts.fan)
    figures = f"{name}: figures from {facts.date({'date': drawn})} to {facts.date(facts.last)}"
    return f"{figures}, {newer}" if facts.newer else figures


def _say_source(names: Names) -> str:
    return f", according to {names.publisher_name}" if names.publisher_name else ""


def _say_goal(facts: Facts) -> str:
    """The date of the headline: by December 2030 where a level rises until then."""
    rises = facts.names.measure == "level" and facts.goal["q0.5"] > facts.newest["value"]
    return f"by {facts.date(facts.goal)}" if rises else facts.when(facts.goal)


def say_about(facts: Facts) -> str:
    """A forecast without a range, in two digits."""
    middle = facts.goal["q0.5"]
    [about], behind = round_off([middle], middle / 10, facts.names.unit, facts.names.own)
    return f"about {about}{behind}"


def say_ends(facts: Facts) -> str:
    """Low and high with the unit behind."""
    unit, found = facts.names.unit, facts.range
    return f"{say(found['low'], unit, bare=True)} to {say(found['high'], unit)}"


def _say_newest(facts: Facts) -> str:
    """The newest figure, where the headline has the forecast."""
    if not facts.newer:
        return f"The newest figure that we use is {facts.say(facts.last['value'])}, for {facts.date(facts.last)}."
    doing = " did" if facts.range and facts.names.doing else ""
    return say_first(f"{say_newer(facts)}{doing} {facts.when(facts.newer)}.")


def _say_last_exact(facts: Facts) -> str:
    if not facts.newer or not facts.growth:
        return ""
    return f"The last exact figure is {facts.say(facts.last['value'])}, for {facts.date(facts.last)}."


def _say_forecast(facts: Facts) -> str:
    """The forecast as a sentence: its range, or why it has none, and what would give one."""
    unit, measure, when = facts.names.unit, facts.names.measure, facts.date(facts.goal)
    if facts.range:
        figure = f"total {facts.when(facts.goal)}" if measure == "cumulative" else f"figure for {when}"
        between = say_ends(facts).replace(" to ", " and ")
        odds, middle = say_first(say_odds(facts.level, "time")), say(facts.range["middle"], unit)
        return f"{odds}, the {figure} should lie between {between}; the middle of our forecast is {middle}."
    blind = "without an upper limit our method does not see how early in its growth a series is"
    why = blind if measure == "level" else f"we have not tested forecasts of {_UNTESTED[measure]}"
    ask = "How many could use it at most? A run with that as its limit (-p bound N) gives a range."
    asked = "" if facts.has_limit or measure == "flow" else ask
    return _join(f"Our forecast for {when} is {say_about(facts)}. We give no range: {why}.", asked)


def _say_title(facts: Facts) -> str:
    """Title of the figure of the forecast."""
    unit, start = facts.names.unit, f"{_say_seen(facts)}{facts.names.title}, {facts.date(facts.goal)}: "
    if not facts.range:
        return f"{start}{say_about(facts)}, without a range"
    odds = say_odds(facts.level, "time")
    return f"{start}{say(facts.range['middle'], unit)} in the middle, {say_ends(facts)} {odds}"


def _say_alt(facts: Facts) -> str:
    """The figure of the forecast in words."""
    start = f"{_say_figures(facts)}, and our forecast for {facts.date(facts.goal)}, "
    if not facts.range:
        return f"{start}{say_about(facts)}."
    middle = say(facts.range["middle"], facts.names.unit)
    return f"{start}{middle} ({100 * facts.level:g}% range: {say_ends(facts)})."


def _say_known(facts: Facts) -> str:
    """What was known on the day of the run; "" for today."""
    names = facts.names
    if not names.as_of:
        return ""
    by, limit = say_day(pd.Timestamp(names.as_of)), " and its upper limit" if names.limit_is_series else ""
    only = f"only what had been published by {by}"
    if names.reckoned:
        only = (
            f"only figures that, as far as we know, had been published by {by}, some perhaps with values revised since"
        )
    others = (
        "Figures for other technologies and countries end at that day too, but some were compiled or revised later."
    )
    return f"Of this series{limit} we use {only}. {others} The method is the present one."


def _say_quote(facts: Facts) -> str:
    """What may be quoted: the forecast with its range, else the newest figure."""
    names, unit, chance = facts.names, facts.names.unit, f"with a chance of {say_odds(facts.level)}"
    if not facts.range:
        return f"“{_say_seen(facts)}{_say_latest(facts)}{_say_source(names)}.”"
    low, high = say(facts.range["low"], unit, facts.range["high"], bare=True), say(facts.range["high"], unit)
    exact, when = f"between {low} and {high}", f"{facts.when(facts.goal)}, {chance}"
    doing = say_doing(names, exact, "will ")
    will = f"{doing} {when}" if doing else f"{_say_name(names)}: {say_base(names, exact)} {when}"
    return f"“{_begin(facts, will)}. The middle of the forecast is {say(facts.range['middle'], unit)}.”"


def _say_not(facts: Facts) -> str:
    """What may not be quoted."""
    if facts.has_limit:
        return f"Do not quote the upper limit ({facts.limit_name}) as our forecast."
    untested = _UNTESTED.get(facts.names.measure)
    if untested:
        return f"Do not rely on our forecast: we have not tested forecasts of {untested}."
    return "Do not rely on our forecast: without an upper limit it has no range."


# ---- now ----------------------------------------------------------------------------------------------------------


def _say_share(facts: Facts) -> str:
    return f", {say(facts.share['value'], 'percent')} of {facts.share['of']}" if facts.share else ""


def _say_now(facts: Facts) -> str:
    """Who reported what, of whom, and how a newer limit is read."""
    names, last, newer, reading = facts.names, facts.last, facts.newer, facts.reading
    unit, date, share, figure = names.unit, facts.date(last), _say_share(facts), facts.say(last["value"])
    total = "a total of " if facts.kind == "cumulative" else ""
    did, told = _say_did(facts, figure, last), ""
    if names.publisher_name:
        when = facts.when(last) if total else f"for {date}"
        told = f"{names.publisher_name} reported {f'that {did}' if did else f'{total}{figure} {when}'}{share}."
    elif share:
        told = f"{did}{share}." if did else f"The last figure is {figure} for {date}{share}."
    within = f"This counts everyone who did so {names.within}." if names.doing and names.within else ""
    gave, read, only = "", "", f"only that it is {say_newer(facts)}"
    if newer:
        who = f"{names.publisher} gave" if names.publisher else "there is"
        gave = f"For {facts.date(newer)} {who} no exact figure, {only}."
    if reading:
        why = f": {reading['reason']}" if reading["reason"] else ""
        ends = f"{say(reading['read_low'], unit, bare=True)} to {say(reading['read_high'], unit)}"
        read = f"We read it as {ends}{why}."
    others = [row for row in facts.list_rows("02_newer") if not newer or row["date"] != newer["date"]]
    limits = ", ".join(f"{say_limit(SimpleNamespace(**row), unit)} for {facts.date(row)}" for row in others)
    later = f"For later dates only limits are known: {limits}." if limits else ""
    return _join(say_first(told) or _say_last_exact(facts), within, names.asked, gave, read, later)


# ---- how fast -----------------------------------------------------------------------------------------------------


def _compare(facts: Facts, more: str, less: str, times: str) -> str:
    """The last figure beside that of a year before: 46% above, 2.4 times, the same as."""
    before, last = facts.before, facts.last["value"]
    gain, ratio = before["gain"], before["ratio"]
    by_points = facts.is_share or facts.names.measure == "cumulative"
    if abs(gain) < (min(0.05, 5e-3 * last) if facts.is_share else 5e-4 * last):
        return "the same as"
    if not by_points and ratio >= _MANY_TIMES:
        return f"{ratio:.1f} times{times}"
    by = say(abs(gain), facts.points) if by_points else say_percent(abs(before["percent"]))
    return f"{by} {more if gain > 0 else less}"


def _say_change(facts: Facts) -> str:
    """Growth over a year, for a headline of the last figure."""
    if not facts.before or facts.newer:
        return ""
    times = " as many as" if facts.names.doing else " as much as"
    return f", {_compare(facts, 'more than', 'less than', times)} {facts.when(facts.before)}"


def _say_growth(facts: Facts) -> str:
    """Growth over a year."""
    if not facts.before:
        return ""
    grown, figure = _compare(facts, "above", "below", ""), facts.say(facts.before["value"])
    if facts.kind == "cumulative":
        return f"The total {facts.when(facts.last)} is {grown} that {facts.when(facts.before)} ({figure})."
    return f"The figure for {facts.date(facts.last)} is {grown} that for {facts.date(facts.before)} ({figure})."


def _say_below_peak(facts: Facts) -> str:
    peak = facts.peak
    if peak["lost"] < 100 * LEAST_FALL:
        return ""
    highest = f"{facts.say(peak['value'])} for {facts.date(peak)}"
    return f"The last figure is {say_percent(peak['lost'])} below the highest, {highest}."


def _say_rise(facts: Facts) -> str:
    if not facts.pace:
        return ""
    start, end = (say(facts.pace[name], "percent") for name in ("start_share", "target_share"))
    of = "" if facts.is_share else f" of {facts.limit_name}"
    years = say_ahead(round(float(facts.pace["years_to_target_share"]), 1))
    return f"The share rose from {start} to {end}{of} in {years}."


def _say_rivals(facts: Facts) -> str:
    """The other series that rose as fast or faster, the fastest first."""
    if not facts.pace:
        return ""
    rivals, pace, names = facts.rivals, facts.pace, []
    for row in rivals[:_MOST_NAMED]:
        whole = row["unit"].removeprefix("percent of ")
        sold = f" in {whole}" if whole.startswith("new ") else ""
        lost = f", down {row['lost']:.0f}% since" if row["lost"] > _LOST else ""
        names.append(f"{row['technology']}{sold} in {say_place(row['entity'])}{lost}")
    start, end = (say(pace[name], "percent") for name in ("start_share", "target_share"))
    text = f"Of {pace['of'] - 1:.0f} other series that passed {start}, {len(rivals) or 'none'} reached {end} as fast"
    return f"{text} or faster. The fastest: {'; '.join(names)}." if rivals else f"{text}."


def _say_paces(facts: Facts) -> str:
    """Growth a year so far and ahead, where they differ."""
    if not facts.paces:
        return ""
    past, coming = (say(facts.paces[name], facts.points) for name in ("past", "coming"))
    start, newest, end = (facts.date(row) for row in (facts.paces["start"], facts.newest, facts.paces["end"]))
    read = f", read as {say(facts.reading['value'], facts.names.unit)}," if facts.reading else ""
    grew = f"From {start} to {newest}{read} the figures grew by {past} a year"
    return f"{grew}; we forecast {coming} a year to {end}."


# ---- where to, and how sure ---------------------------------------------------------------------------------------


def _say_tests(facts: Facts) -> str:
    """How often such ranges held: in all tests, on comparison technologies, after windows alike, and outside."""
    tested, alike = facts.tested, facts.alike
    if not facts.range or not tested:
        return ""
    least, most = (round(facts.held[name] / 10) for name in ("least", "most"))
    times = spell(least) if least == most else f"{spell(least)} to {spell(most)}"
    on = say_count(int(tested["technologies"]), "comparison technology", "comparison technologies")
    horizon, covered = say_ahead(round(float(tested["horizon_years"]), 1)), say_percent(tested["covered"])
    record = f"In tests on {on}, {horizon} ahead, such ranges contained {covered} of the outcomes of"
    sides = f"{say_percent(tested['above_median'])} of outcomes were above the middle and "
    sides = say_first(f"{sides}{say_percent(tested['below'])} below the range.")
    if alike:
        inside, below, above = (say_percent(alike[name]) for name in ("covered", "below", "above_median"))
        window = "Where one of these had about the same share and similar growth"
        sides = f"{window} ({alike['technologies']:,.0f} technologies), {inside} of outcomes were inside the range, "
        sides += f"{below} below it, and {above} above the middle."
    audited = ". They held ".join(
        f"{say_percent(row['inside_80'])} of the outcomes of {row['origins']:,.0f} forecasts from "
        f"{say_count(int(row['figures']), 'figure')} ({row['series']})"
        for row in facts.audit
    )
    outside = f"Outside our data, on series that set no constant, such ranges held {audited}." if audited else ""
    is_sales = facts.names.measure == "flow" and facts.is_share
    return _join(
        f"In tests {100 * facts.level:g}% ranges held {times} times in ten.",
        f"{record} {tested['forecasts']:,.0f} forecasts.",
        sides,
        outside,
        "What a later technology replaces falls, as no curve foresees." if is_sales else "",
    )


def _say_class(facts: Facts) -> str:
    """What the country's other services did from the same share on."""
    others, names, unit = facts.others, facts.names, facts.names.unit
    if not others:
        return ""
    low, high = others["low"], others["high"]
    passed, of, told = say(low["passed"], "percent"), "", ""
    is_untold = facts.reading is not None or (facts.share is not None and facts.share["base"] != facts.limit_name)
    if not facts.is_share and names.limit_is_series and is_untold:
        of = f"{say(facts.newest['value'], unit)} are {passed} of {facts.limit_name} at the last count."
    count = say_count(int(low["technologies"]), "other technology", "other technologies")
    know = f"Of {count} in {say_place(names.entity)} we know what followed after they had reached {passed}"
    shares = f"{say(low['share'], 'percent', bare=True)} to {say(high['share'], 'percent')}"
    years = say_ahead(round(float(low["years"]), 1))
    later = f"{years} later, or at their last count, about half of them stood at {shares}."
    if not facts.is_share and facts.limit:
        then = (
            f"Of the {facts.limit_name} that we assume for {facts.date(facts.goal)}, {say(facts.limit['mean'], unit)}"
        )
        told = f"{then}, that would be {say(low['value'], unit, bare=True)} to {say(high['value'], unit)}."
    return _join(of, f"{know} of those who could use them, or after a first count above that.", say_first(later), told)


# ---- what could be wrong ------------------------------------------------------------------------------------------


def _say_success(facts: Facts) -> str:
    below = "range" if facts.range else "forecast"
    return f"Most comparison technologies succeeded; if this one fails, it may end below our {below}."


def _say_later(facts: Facts) -> str:
    """What other technologies did from the share of few figures on."""
    later = facts.later
    if not later:
        return ""
    count = say_count(int(later["technologies"]), "other technology", "other technologies")
    passed, span = (
        say(later["passed"], "percent"),
        f"{say(later['low'], 'percent', bare=True)} to {say(later['high'], 'percent')}",
    )
    after = say_first(say_ahead(round(float(later["years"]), 1)))
    first = f"{after} after {count} had first passed {passed} of those who could have them, they stood at {span}"
    return f"{first}, without the lowest and the highest tenth."


def _say_doubts(facts: Facts) -> str:
    """The doubts of every forecast: a suspected break, another publisher, and the limit."""
    limit, names, above, free = facts.limit, facts.names, "", ""
    if limit and facts.range and not facts.is_share and facts.range["high"] > limit["mean"]:
        mean, low, high = (say(limit[name], names.unit, bare=name != "mean") for name in ("mean", "q0.1", "q0.9"))
        above = f"Our range ends above the {facts.limit_name} that we expect in {facts.date(facts.goal)}, {mean}; that "
        above += f"number is uncertain too, {low} to {high}."
    if not facts.range and not facts.has_limit:
        free = "We set this forecast no upper limit: it does not know where the market is full."
        if names.population:
            free = f"We set this forecast no upper limit but the population of {say_place(names.entity)}."
    return _join(_say_jump(facts), _say_country(facts), above, free)


def _say_jump(facts: Facts) -> str:
    jump = facts.jump
    if not jump:
        return ""
    span = f"between {facts.date(jump['before'])} and {facts.date(jump['after'])}"
    change = f"The change of {say(jump['change'], facts.points)} {span} may be partly one of the survey."
    return f"{change} The two may not be comparable: {jump['reason']}."


def _say_country(facts: Facts, who: bool = True) -> str:
    """What another publisher puts use at, how it counts, and that the two differ."""
    row, names = facts.country, facts.names
    if not row:
        return ""
    at = f"puts use in {say_place(names.entity)} at {say(row['value'], 'percent')} of {row['of']} in"
    told = f"{row['publisher']} {at} {say_date(row['date'])}."
    if row["period"]:
        told = f"{row['publisher']}, which estimates use from what devices report, {at} the {row['period']}."
    within = f"{row['publisher']} counts use {row['within']}." if row["within"] else ""
    whose = f"{names.publisher}'s" if names.publisher else "Your"
    differ = f"{whose} and {row['publisher']}'s figures measure different things." if row["other"] else ""
    return _join(told if who else "", within, differ)
