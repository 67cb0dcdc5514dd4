"""The sentences of a page: a function for each kind, in the order of the page, and the sentences that kinds share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pandas as pd

from ..base import words
from ..base.columns import USUAL_TITLE
from ..base.fan import find_drawn
from ..base.words import say, say_ahead, say_count, say_day, say_first, say_percent, say_place, say_range
from ..indicators import Names
from .facts import Facts, Row
from .users import say_base, say_doing, say_publisher

_MANY_TIMES = 1.5
"""From this ratio on growth is given as a multiple, below it in percent."""
_WITHHELD = {
    "level": "two ways to make one disagree",
    "flow": "we forecast shares of sales, not how many are sold or added in a year",
    "cumulative": "we have tested no forecast of a running total without a limit",
}
"""Why a page without a range gives no forecast, by measure."""


@dataclass(frozen=True)
class Page:
    """What a page says, part by part; "" where there is nothing to say. Numbers are the names of key numbers."""

    headline: str
    deck: str
    quote: str
    quote_not: str
    title: str
    alt: str
    numbers: tuple[str, ...]
    known: str
    now: str
    speed: str = ""
    forecast: str = ""
    caution: str = ""


def write_page(facts: Facts) -> Page:
    """The sentences of a run."""
    kinds = {"few": _write_few, "fallen": _write_fallen, "refuted": _write_refuted, "still": _write_stands}
    kinds |= {"levelled": _write_stands, "near": _write_near, "open": _write_no_range, "flow": _write_no_range}
    page = kinds.get(facts.kind, _write_rises)(facts)
    if facts.names.title == USUAL_TITLE:
        unsaid = "Nothing yet: nobody has said what is counted. Give the run a title."
        return replace(page, quote="", quote_not=f"{unsaid} {page.quote_not}")
    if facts.spans_all:
        why = "its range spans nearly all that is possible"
        return replace(page, quote=_quote_figure(facts), quote_not=f"Do not quote a forecast from this run: {why}.")
    return page


# ---- a function for each kind of page -----------------------------------------------------------------------------


def _write_rises(facts: Facts) -> Page:
    """A series that rises: its range leads. Of totals so far the last one is said beside it."""
    if facts.range is None:
        return _write_no_range(facts)
    names, goal, is_total = facts.names, facts.when(facts.goal), facts.names.measure == "cumulative"
    between, assumed = f"between {say_ends(facts, ' and ')}", _say_assumed(facts)
    if is_total:
        headline = f"{_say_name(names)}: {between} may be reached {goal}{assumed}"
        headline += f", after {say_base(names, facts.say(facts.last['value']))} {facts.when(facts.last)}"
    elif doing := say_doing(names, between, "may "):
        headline = f"{doing} {goal}{assumed}"
    else:
        forecast = f"{say_base(names, say_ends(facts))} forecast for {facts.date(facts.goal)}"
        headline = f"{_say_name(names)}: {forecast}{assumed}"
    change, level = ("added",) if is_total else ("share", "change"), f"{100 * facts.level:g}%"
    alt = f"{_say_figures(facts)}, and our forecast for {facts.date(facts.goal)}, median {_say_median(facts)} ({level} "
    return _make_page(
        facts,
        headline,
        deck=_join("" if is_total and not facts.newer else _say_newest(facts), _say_range(facts)),
        speed=_join(_say_growth(facts), _say_below_peak(facts)),
        forecast=_say_tests(facts),
        caution=_join(_say_low_end(facts), _say_doubts(facts)),
        quote=_quote_forecast(facts),
        quote_not=f"Do not quote the median alone, nor the limit ({facts.limit_name}) as a forecast.",
        title=f"{names.title}, and our forecast for {facts.date(facts.goal)}",
        alt=f"{alt}range {say_ends(facts)}).",
        numbers=("latest", "newest", *change, "forecast"),
    )


def _write_near(facts: Facts) -> Page:
    """A series near its limit: the share leads, or what is left."""
    did, is_series = _say_did(facts), facts.names.limit_is_series
    left = facts.saturation_level["sentence"].removeprefix("at most ")
    unit = " points" if facts.is_share else words.say_unit(facts.names.unit)
    left = f"; it can grow by at most {left}{unit}"
    headline = f"{did or _say_last(facts)}{_say_share(facts) if is_series else left}"
    return replace(
        _write_rises(facts),
        headline=_begin(facts, headline),
        deck=_join(_say_newest(facts) if facts.newer else "", _say_forecast(facts)),
        quote_not="Do not quote the median alone.",
        numbers=("latest", "left", "change", "forecast"),
    )


def _write_stands(facts: Facts) -> Page:
    """A series that has not grown for a year, or never beyond its scatter."""
    low, high = say_span(facts)
    headline = (
        f"{_say_last(facts)}; between {low} and {high} from {facts.date(facts.standing)} to {facts.date(facts.last)}"
    )
    wrong = f"call {facts.say(facts.last['value'])} the level where growth stops"
    if facts.kind == "still":
        headline, wrong = f"{headline}, with no lasting growth", "quote the figures as lasting growth or decline"
    quote_not = f"Do not quote the median alone, nor {wrong}." if facts.range else f"Do not {wrong}."
    is_above = facts.range and facts.range["median"] > facts.standing["high"]
    resumes = "Our formula expects growth to resume." if is_above else ""
    return replace(
        _write_rises(facts),
        headline=_begin(facts, headline),
        deck=_join(_say_newest(facts), _say_forecast(facts), resumes),
        speed="",
        caution=_join(_say_surprise(facts), _say_doubts(facts) if facts.is_given else _say_jump(facts)),
        quote_not=quote_not,
        numbers=("latest", "span", "forecast", "median"),
    )


def _say_low_end(facts: Facts) -> str:
    """What a reader of figures that rise would not expect of the range."""
    low = facts.range["low"]
    if low >= facts.last["value"]:
        return ""
    begins = say(low, facts.names.unit, facts.range["high"])
    return f"A fall is possible: the range begins at {begins}, below the last figure."


def _say_surprise(facts: Facts) -> str:
    """What a reader of figures that stand would not expect of the range."""
    if not facts.range:
        return ""
    since, found = facts.date(facts.standing), facts.range
    said = ["ends above every figure so far"] if found["high"] > facts.peak["value"] else []
    said += [f"begins below every figure since {since}"] if found["low"] < facts.standing["low"] else []
    said += ["has its median below the last figure"] if found["median"] < facts.last["value"] else []
    return f"The range {', and '.join(said)}." if said else ""


def _write_no_range(facts: Facts) -> Page:
    """A series whose forecast has no range: without a limit, a flow, or a total so far; the last figure leads."""
    names, change = facts.names, _say_change(facts)
    page = _make_page(
        facts,
        f"{_say_last(facts, newest=True)}{change}",
        deck=_say_forecast(facts),
        speed=_join("" if change else _say_growth(facts), _say_below_peak(facts)),
        caution=_say_jump(facts),
        quote_not=f"Do not quote a forecast from this run: {_WITHHELD[names.measure]}.",
        title=f"{names.title}: no forecast to quote",
        numbers=("latest", "newest", "added" if names.measure == "cumulative" else "change"),
    )
    if not facts.is_given:
        return page
    when, about = facts.date(facts.goal), say_about(facts)
    return replace(
        page,
        caution=_say_doubts(facts),
        quote_not="Do not quote our forecast: without a limit it has no range.",
        title=f"{names.title}, and our forecast for {when}, without a range{_say_seen(facts)}",
        alt=f"{_say_figures(facts)}, and our forecast for {when}, {about}.",
        numbers=("latest", "newest", "share", "change", "median"),
    )


def _write_refuted(facts: Facts) -> Page:
    """A series whose newest figure contradicts the forecast that was made without it."""
    newest = f"{say_newer(facts)} {facts.when(facts.newer)}"
    return _make_page(
        facts,
        f"{_say_name(facts.names)}: {newest}, which the earlier figures did not let us expect",
        deck=f"{_say_exact(facts)} We give no forecast: the newest figure contradicts the one made without it.",
        speed=_say_growth(facts),
        caution=_say_jump(facts),
        quote_not="Do not quote a forecast from this run: it has none.",
        numbers=("latest", "newest", "change"),
    )


def _write_fallen(facts: Facts) -> Page:
    """A series that has fallen from a peak: no forecast."""
    peak = facts.peak
    down = f", down from {facts.say(peak['value'])} in {facts.date(peak)}"
    no_forecast = "We give no forecast: our method is made for growth, and cannot show how far a series falls."
    return _make_page(
        facts,
        f"{_say_last(facts)}{down}",
        deck=_join(no_forecast, _say_before(facts)),
        quote=_quote_figure(facts, down),
        quote_not="Do not quote a forecast from this run: it has none.",
        alt=f"{_say_figures(facts)}{down}.",
        numbers=("latest", "peak", "fall"),
    )


def _write_few(facts: Facts) -> Page:
    """A series of one or two figures, perhaps counted anew: no forecast, but what others did from there."""
    count, earlier, later = len(facts.growth), facts.earlier, facts.later
    shows = {0: "no exact figure shows a", 1: "one figure shows no", 2: "two figures are too few for a"}
    show = f"{shows.get(count, 'figures so near each other show no')} trend"
    known = {0: "there is no exact one", 1: "there is one", 2: "there are two"}.get(count, "none lie so far apart")
    headline, since, others, caution = f"{_say_last(facts, newest=True)}; {show}", "", "", ""
    quote_not = "Do not quote it as a trend."
    before = ""
    if count > 1:
        before = f"The one before is {facts.say(facts.growth[-2]['value'])}, for {facts.date(facts.growth[-2])}."
    if earlier:
        anew = facts.date({"date": earlier["break"]})
        since, headline = f" since {anew}", f"{_say_last(facts, newest=True)}; earlier figures may not be comparable"
        quote_not = f"Do not join it to figures from before {anew}, which may not be comparable."
    if later:
        technologies = say_count(int(later["technologies"]), "other technology", "other technologies")
        passed, span = say(later["passed"], "percent"), say_range(later["low"], later["high"], "percent")
        after = say_ahead(round(float(later["years"]), 1))
        others = f"For comparison: {after} after {technologies} had passed {passed} of their limits, "
        others += f"eight in ten of them stood at {span}."
        caution = "Most of the technologies that we compare succeeded; one that fails may stand lower."
    return _make_page(
        facts,
        headline,
        deck=_join(
            _say_exact(facts),
            f"We give no forecast: it needs three figures that span half a year, and {known}{since}.",
            _say_before(facts),
            before,
            others,
        ),
        caution=caution,
        quote_not=quote_not,
        numbers=("latest", "newest"),
    )


def _say_before(facts: Facts) -> str:
    """The last figure before a break, how far it had fallen, and why it may not be comparable; "" without a break."""
    earlier, fell = facts.earlier, facts.fell
    if not earlier:
        return ""
    anew, was = facts.date({"date": earlier["break"]}), f"{facts.say(earlier['value'])} in {facts.date(earlier)}"
    if not fell:
        return f"The figure before, {was}, may not be comparable: {earlier['reason']}."
    told = f"Before {anew} the figures fell from {facts.say(fell['value'])} in {facts.date(fell)} to {was}."
    return f"{told} They may not be comparable: {earlier['reason']}."


def _make_page(facts: Facts, headline: str, title: str = "", **parts: Any) -> Page:
    """A page with what every kind says, unless it says it in its own way."""
    usual = {"quote": _quote_figure(facts), "alt": f"{_say_figures(facts)}."}
    usual |= {"known": _say_known(facts), "now": _say_now(facts)}
    title = title or f"{facts.names.title}: no forecast"
    return Page(headline=_begin(facts, headline), title=f"{title}{_say_seen(facts)}", **usual | parts)


# ---- headline, deck and quotation ---------------------------------------------------------------------------------


def _join(*sentences: str) -> str:
    """Sentences as a paragraph, without those that have nothing to say."""
    return " ".join(filter(None, sentences))


def _begin(facts: Facts, text: str) -> str:
    """A headline with the day until which figures are known, where that is not today; a name keeps its first letter."""
    text = text if text.startswith(_say_name(facts.names)) else say_first(text)
    return f"{text}{_say_seen(facts)}"


def _say_seen(facts: Facts) -> str:
    """The day until which figures are known, or the last figure where the forecast lies in the past, in brackets."""
    if facts.names.as_of:
        return f" (from figures known by {say_day(pd.Timestamp(facts.names.as_of))})"
    return f" (from figures up to {facts.date(facts.last)})" if facts.is_past else ""


def _say_name(names: Names) -> str:
    """The title before a colon: with one of its own it still reads as one name."""
    return names.title.replace(": ", ", ")


def say_span(facts: Facts) -> tuple[str, str]:
    """The lowest and the highest figure since a series stands; the unit is behind the second."""
    low, high = facts.say(facts.standing["low"]), facts.say(facts.standing["high"])
    return low.removesuffix(words.say_unit(facts.names.unit)), high


def say_ends(facts: Facts, to: str = " to ") -> str:
    """The range with its unit."""
    return say_range(facts.range["low"], facts.range["high"], facts.names.unit).replace(" to ", to, 1)


def _say_median(facts: Facts) -> str:
    """The median beside its range: with the same decimals."""
    return say(facts.goal["q0.5"], facts.names.unit, facts.range["high"])


def say_about(facts: Facts) -> str:
    """A forecast without a range, in two digits."""
    median = facts.goal["q0.5"]
    [about], behind = words.round_off([median], median / 10, facts.names.unit)
    return f"about {about}{behind}"


def _say_did(facts: Facts, newest: bool = False) -> str:
    """What people did at a date; in the present, with the date in brackets, where the past of the verb is not known."""
    row, amount = facts.last, facts.say(facts.last["value"])
    if newest and facts.newer:
        row, amount = facts.newer, say_newer(facts)
    did, do = (say_doing(facts.names, amount, past=past) for past in (True, False))
    told = f"{do} ({facts.date(row)})" if did == do else f"{did} {facts.when(row)}"
    return told if do else ""


def _say_last(facts: Facts, newest: bool = False) -> str:
    """The last exact figure with its date; on demand the newer limit, where there is one."""
    row, amount = facts.last, facts.say(facts.last["value"])
    if newest and facts.newer:
        row, amount = facts.newer, say_newer(facts)
    plain = f"{_say_name(facts.names)}: {say_base(facts.names, amount)} {facts.when(row)}"
    return _say_did(facts, newest) or plain


def say_newer(facts: Facts, row: Row = None) -> str:
    """A newer limit, or that of another row, as printed: more than 700 million people."""
    return words.say_limit(SimpleNamespace(**(row or facts.newer)), facts.names.unit, own=facts.names.own)


def _say_figures(facts: Facts) -> str:
    """The figures that are drawn, for the alternative text."""
    told = []
    if facts.growth:
        drawn, _ = find_drawn([row["date"] for row in facts.growth], facts.fan if facts.is_given else [])
        first, last = facts.date({"date": drawn}), facts.date(facts.last)
        told = [f"figures from {first} to {last}" if first != last else f"a figure for {last}"]
    told += [f"{say_newer(facts)} for {facts.date(facts.newer)}"] if facts.newer else []
    return f"{_say_name(facts.names)}: {', '.join(told)}"


def _say_subject(names: Names) -> str:
    """The title as the subject of a sentence, which names the publisher at its end."""
    name = _say_name(names).replace(f" ({names.publisher})", "")
    return f"{name}," if ", " in name else name


def _say_newest(facts: Facts) -> str:
    """The newest figure, where the headline has the forecast."""
    if not facts.newer:
        newest = "The newest figure known then was" if facts.names.as_of else "The newest figure we hold is"
        return f"{newest} {facts.say(facts.last['value'])}, for {facts.date(facts.last)}."
    doing = " did" if facts.range and facts.names.doing else ""
    return say_first(f"{say_newer(facts)}{doing} {facts.when(facts.newer)}.")


def _say_exact(facts: Facts) -> str:
    if not facts.newer or not facts.growth:
        return ""
    return f"The last exact figure is {facts.say(facts.last['value'])}, for {facts.date(facts.last)}."


def _say_forecast(facts: Facts) -> str:
    """The forecast as a sentence: its range with how often the ranges of tests held, or why it has none."""
    measure, when = facts.names.measure, facts.date(facts.goal)
    limited = "How many could there be at most? A run with that as its limit gives a range."
    ask = "" if facts.has_limit or measure == "flow" else limited
    if measure == "level" and not facts.is_given:
        end = f"{facts.saturation_level['sentence']}{words.say_unit(facts.names.unit)}"
        disagree = f"by the pattern of the figures growth {end}, and our formula puts {when} above that."
        return _join(f"We quote no forecast: {disagree}", ask)
    if facts.range is None and measure == "level":
        why = "Without a limit the method cannot tell an early rise from a late one, so we give no range."
        return _join(f"Our forecast for {when} is {say_about(facts)}.", why, ask)
    if facts.range is None:
        return _join(f"We quote no forecast: {_WITHHELD[measure]}.", ask)
    total = f"the total {facts.when(facts.goal)}" if measure == "cumulative" else when
    said = f"The {100 * facts.level:g}% range for {total} is {say_ends(facts)}, the median {_say_median(facts)}."
    return _join(said, _say_held(facts))


def _say_range(facts: Facts) -> str:
    """The forecast below a headline that has its range: of which level that is, and its median."""
    level = f"{100 * facts.level:g}%"
    return _join(f"The headline has the {level} range; the median is {_say_median(facts)}.", _say_held(facts))


def _say_held(facts: Facts) -> str:
    """How many outcomes ranges of tests contained, if there are any."""
    if not facts.held:
        return ""
    return f"In tests {100 * facts.level:g}% ranges contained {_say_parts([*facts.held.values()])} of outcomes."


def _say_parts(shares: list[float]) -> str:
    """From the least to the most percentage: 76 to 92%; one percentage where they are the same."""
    least, most = say_percent(min(shares)), say_percent(max(shares))
    return most if least == most else f"{least.removesuffix('%')} to {most}"


def _say_known(facts: Facts) -> str:
    """What was known on the day of the run; "" for today."""
    names = facts.names
    if not names.as_of:
        return f"That date is past, and we hold no figure after {facts.date(facts.last)}." if facts.is_past else ""
    by, limit = say_day(pd.Timestamp(names.as_of)), " and its limit" if names.limit_is_series else ""
    told = f"We look back: of this series{limit} we use only figures published by {by}."
    reckoned = "Some days of publication are our estimate; some values may be revised since." if names.reckoned else ""
    others = "Comparison series end then too; some were compiled or revised later."
    return _join(told, reckoned, others if facts.range or facts.later else "", "The method is today's.")


def _quote_figure(facts: Facts, more: str = "") -> str:
    """The newest figure as a sentence that may be quoted, with whose count it is."""
    names, stood = facts.names, "stood at" if facts.names.measure == "level" and not facts.newer else "came to"
    row, amount = (facts.newer, say_newer(facts)) if facts.newer else (facts.last, facts.say(facts.last["value"]))
    in_all = " in all" if names.measure == "cumulative" else ""
    plain = f"{_say_subject(names)} {stood} {say_base(names, amount)}{in_all} {facts.when(row)}"
    by = _say_own_source(names)
    if names.publisher_name and not names.own:
        by = f", according to {say_publisher(names.publisher_name)}"
    return f"“{_begin(facts, f'{_say_did(facts, newest=True) or plain}{more}{by}')}.”"


def _quote_forecast(facts: Facts) -> str:
    """The forecast as sentences that may be quoted: whose count, whose forecast, by which version, as of which day."""
    names, goal, level = facts.names, facts.when(facts.goal), f"{100 * facts.level:g}%"
    stand = "stand" if names.measure == "level" else "come to"
    between = f"between {say_ends(facts, ' and ')}"
    said = say_doing(names, between, "may ") or f"{_say_subject(names)} may {stand} {say_base(names, between)}"
    counted = ""
    if names.publisher_name and not names.own:
        counted = f" of what {say_publisher(names.publisher_name)} would report"
    interval = f"({level} prediction interval{_say_assumed(facts)}; median {_say_median(facts)})"
    known, whose = pd.Timestamp(names.as_of or names.published), "forecast in hindsight" if names.as_of else "forecast"
    day = f"figures up to {facts.date(facts.newest)}" if pd.isna(known) else f"figures published by {say_day(known)}"
    if names.limit_published > known:
        day += f", and a limit published by {say_day(names.limit_published)}"
    day += _say_own_source(names)
    forecast = f"This is a {whose} by Adoption Curves {metadata.version('adoption-curves')}{counted}, from {day}."
    return f"“{say_first(said)} {goal} {interval}. {forecast}”"


def _say_assumed(facts: Facts) -> str:
    """The condition of a range that hangs on a limit that somebody has given."""
    return f", if at most {facts.limit_name} are possible" if facts.is_assumed else ""


def _say_own_source(names: Names) -> str:
    """Whose figures an own series holds, in brackets: the words may be no name."""
    return f" (source: {names.publisher_name})" if names.own and names.publisher_name else ""


# ---- now, and how fast --------------------------------------------------------------------------------------------


def _say_share(facts: Facts) -> str:
    return f", {say(facts.share['value'], 'percent')} of {facts.share['of']}" if facts.share else ""


def _say_now(facts: Facts) -> str:
    """Who reported what, of whom, and how a newer limit is read."""
    names, newer, share, figure = facts.names, facts.newer, _say_share(facts), facts.say(facts.last["value"])
    did, told, read_as, of_limit = _say_did(facts), "", "", ""
    if share and facts.share["key"] == "share_of_limit":
        share, of_limit = "", f"That is {say(facts.share['value'], 'percent')} of {facts.share['of']}."
    if names.own and names.publisher_name:
        told = f"{_say_last(facts)}{share} (source: {names.publisher})."
    elif names.publisher_name:
        stated = f"put {words.lower_first(_say_subject(names))} at {say_base(names, figure)} {facts.when(facts.last)}"
        told = f"{say_publisher(names.publisher)} {f'reported that {did}' if did else stated}{share}."
    elif share or of_limit:
        told = f"{did}{share}." if did else f"The last figure is {figure} {facts.when(facts.last)}{share}."
    within = f"This counts use {names.within}." if names.doing and names.within else ""
    if facts.reading:
        read_as = f"We read “{say_newer(facts)}” as {say_range(newer['read_low'], newer['read_high'])}"
        read_as += f": {newer['reason']}." if newer["reason"] else "."
    told_of = newer or facts.last
    others = [row for row in facts.list_rows("02_newer") if row["date"] != told_of["date"]]
    days = [say_day(row["date"]) if facts.date(row) == facts.date(told_of) else facts.date(row) for row in others]
    limits = [f"{say_newer(facts, row)} for {day}" for row, day in zip(others, days, strict=True)]
    also = f"Also reported: {', '.join(limits)}." if limits else ""
    return _join(say_first(told) or _say_exact(facts), of_limit, within, names.asked, read_as, also)


def _compare(facts: Facts, before: Row, more: str, less: str, times: str) -> str:
    """The last figure beside an earlier one: 46% above, 2.4 times, the same as."""
    gain, last, is_total = before["gain"], facts.last["value"], facts.names.measure == "cumulative"
    least = min(0.05, 5e-3 * last) if facts.is_share else 5e-4 * last
    if abs(gain) < least:
        return "the same as"
    side = more if gain > 0 else less
    if facts.is_share or is_total:
        return f"{facts.say_step(abs(gain))} {side}"
    if before["ratio"] >= _MANY_TIMES:
        return f"{before['ratio']:.1f} times{times}"
    return f"{say_gain(facts, abs(before['percent']))} {side}"


def say_gain(facts: Facts, percent: float) -> str:
    """Growth over a year in percent; in whole ones, "about 43%", where both figures have two digits at most."""
    rough = all(float(f"{row['value']:.2g}") == row["value"] for row in (facts.before, facts.last))
    text = f"about {percent:.0f}%" if rough and abs(percent) >= 5 else say_percent(percent)
    return text.replace("-", "−")


def _say_change(facts: Facts) -> str:
    """Growth over a year, for a headline of the last figure."""
    if not facts.before or facts.newer:
        return ""
    return f", {_compare(facts, facts.before, 'more than', 'less than', ' the figure')} {facts.when(facts.before)}"


def _say_growth(facts: Facts) -> str:
    """Growth over a year; where a break is suspected in it, since the break, like with like."""
    before, since = facts.before, facts.since_jump
    if since:
        gain = facts.say_step(abs(since["gain"])) if facts.is_share else facts.say(abs(since["gain"]))
        grew = f"the figure {'grew' if since['gain'] > 0 else 'fell'} by {gain}"
        changed = "the question changed" if facts.names.asked_anew else "the count may have changed"
        then = f", and by {facts.date(facts.newer)} to {say_newer(facts)}" if facts.newer else ""
        return f"From {facts.date(since)}, when {changed}, to {facts.date(facts.last)} {grew}{then}."
    if not before:
        return ""
    grown, figure = _compare(facts, before, "above", "below", ""), facts.say(before["value"])
    if facts.names.measure == "cumulative":
        return f"The total {facts.when(facts.last)} is {grown} that {facts.when(before)} ({figure})."
    return f"The figure for {facts.date(facts.last)} is {grown} that for {facts.date(before)} ({figure})."


def _say_below_peak(facts: Facts) -> str:
    peak = facts.peak
    if peak["lost"] <= 0 or (facts.before and facts.before["date"] == peak["date"]):  # which growth has said
        return ""
    fall = facts.say_step(peak["value"] - facts.last["value"]) if facts.is_share else say_percent(peak["lost"])
    return f"The last figure is {fall} below the highest, {facts.say(peak['value'])}, for {facts.date(peak)}."


# ---- how sure, and what could be wrong ----------------------------------------------------------------------------


def _say_tests(facts: Facts) -> str:
    """Every test of ranges, with its count and on which side they failed."""
    tested, alike, others = facts.tested, facts.alike, ""
    if not tested:
        return ""
    on = say_count(int(tested["technologies"]), "earlier technology", "earlier technologies")
    ahead = say_ahead(round(float(tested["horizon_years"]), 1))
    above, held = say_percent(tested["above"]), say_percent(tested["covered"])
    told = f"Over {on}, {100 * facts.level:g}% ranges {ahead} ahead contained {held} of outcomes"
    told += f" ({above} lay above the range)"
    if alike:
        like = f"the {alike['technologies']:.0f} most like this one in share and growth"
        told += f"; over {like} {say_percent(alike['covered'])}"
    if facts.audit:
        least = min(facts.audit, key=lambda row: row["inside_80"])
        which, worst = least["series"], ""
        if len({row["series"] for row in facts.audit}) > 1:
            which, worst = "other series", f" (least: {say_percent(least['inside_80'])}, on {least['series']})"
        others = f"In a second test, on {which}, they contained {say_percent(facts.audited)}{worst}."
    totals = "No test was on a running total." if facts.names.measure == "cumulative" else ""
    return _join(f"{told}.", others, totals)


def _say_doubts(facts: Facts) -> str:
    """What could be wrong: first what moves the median, the most first, then what has no number."""
    names, unit, limit, goal = facts.names, facts.names.unit, facts.limit, facts.goal["q0.5"]
    moves, limited, unknown, above, below = dict[str, float](), "", "", "", ""
    for row in facts.alternatives:
        other = words.lower_first(row["limit"]).replace(" percent", "%")
        said = f"{say(row['q0.5'], unit)} ({100 * facts.level:g}% range {say_range(row['low'], row['high'])})"
        moves[f"With {other} as the limit, the median would be {said}."] = abs(row["q0.5"] - goal)
    if facts.others and facts.kind not in ("still", "levelled"):
        moves[_say_class(facts)] = abs((facts.others["low"]["value"] + facts.others["high"]["value"]) / 2 - goal)
    if facts.is_assumed:
        limited = f"The range assumes a limit of {facts.limit_name}; another limit gives another range."
    elif not facts.has_limit:
        limited = "Without a limit the forecast may be too high; in tests on mobile phones in their early years "
        limited += "nearly all were too low."
    if facts.unasked:
        asked = f"{names.publisher} has not published what it asked" if names.publisher else "What was asked"
        unknown = f"{asked} for {facts.date(facts.unasked)}{'' if names.publisher else ' is not known'}."
    if facts.range and limit and facts.range["high"] > limit["q0.9"]:
        ends = say_range(limit["q0.1"], limit["q0.9"], unit)
        name = facts.limit_name.removeprefix("the ")  # that of a file has its article
        above = f"The range ends above the {name} expected in {facts.date(facts.goal)}, {ends}."
    if facts.may_end_below and names.measure == "flow" and facts.is_share:
        below = "If a newer technology replaces this one, the share may fall below our range."
    elif facts.may_end_below and facts.kind != "near":
        below = "Most comparison technologies succeeded; one that fails may end below our range."
    moved = sorted(moves, key=moves.__getitem__, reverse=True)
    return _join(limited, *moved, _say_jump(facts), unknown, below, above)


def _say_class(facts: Facts) -> str:
    """What the country's other services did from the same share on, and why the median is not theirs."""
    low, high = facts.others["low"], facts.others["high"]
    count = say_count(int(low["technologies"]), "other technology", "other technologies")
    years, passed = say_ahead(round(float(low["years"]), 1)), say(low["passed"], "percent")
    shares = say_range(low["share"], high["share"], "percent")
    now = f"{'By our reading this' if facts.reading else 'This'} series stands at {passed} of its limit."
    told = f"{say_first(count)} in {say_place(facts.names.entity)} that we saw pass that share stood"
    span = "" if facts.is_share else f", here {say_range(low['value'], high['value'], facts.names.unit)}"
    side = ", below our median" if high["value"] < facts.goal["q0.5"] else ""
    return f"{now} {told} {years} later at {shares}{span}{side}."


def _say_jump(facts: Facts) -> str:
    jump = facts.jump
    if not jump:
        return ""
    span = f"between {facts.date(jump['before'])} and {facts.date(jump['after'])}"
    change = f"Part of the change of {facts.say_step(jump['change'])} {span} may come from the counting"
    return f"{change}: {jump['reason']}."
