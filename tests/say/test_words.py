"""Words against numbers: each number of a sentence is of a fact, and each fact stands where it says."""

import re
from pathlib import Path

import numpy as np
import pytest
from kept_runs import KEPT, read_facts, read_table
from tell import make_case

from adoption_curves import indicators
from adoption_curves.say.facts import Number
from adoption_curves.say.findings import list_key_numbers, write_findings

ROOT = Path(__file__).parents[2]
WORDS = {"million": 1e6, "billion": 1e9, "trillion": 1e12}
NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
SET = re.compile(
    r"\b(?:\d+ )?(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b"
    r"|\b(?:in|by|by the end of|for|since|until|between|and|to|from|From) (?:19|20)\d\d\b|\((?:19|20)\d\d\)"
    r"|aged \d+[^.,;]*|\d+ percent of|80% (?=range|prediction|of outcomes)|Adoption Curves \d+\.\d+\.\d+"
    r"|quarter of 20\d\d"
)
"""Dates, ages, names, and what the sentence's rule sets: no numbers of a table."""
FACTS = {
    "headline": ("last", "newer", "before", "peak", "standing", "share", "saturation_level", "range"),
    "deck": ("last", "newer", "earlier", "fell", "later", "goal", "range", "held"),
    "known": (),
    "now": ("last", "newer", "reading", "share"),
    "speed": ("last", "newer", "before", "since_jump", "peak"),
    "forecast": ("tested", "alike", "audit", "audited"),
    "caution": ("alternatives", "newer", "jump", "others", "goal", "limit"),
    "quote": ("last", "newer", "peak", "range"),
    "quote_not": ("last",),
}
"""The parts of the findings, and the facts whose numbers each may say."""
ALL = sorted({name for names in FACTS.values() for name in names})
BANNED = re.compile((ROOT / "tests" / "say" / "ban.txt").read_text(encoding="utf-8").strip())
OTHERS = ("still", "flow", "cumulative", "near, with a verb")
"""Cases of the kinds of series of which no run is kept."""
LONGEST = 30  # words


def parse(words, after, about):
    """A number in a text, the unit of its last digit, and the factors by which a table may hold it."""
    other = r"(?:(?:to|and) [\d,.]+ )?"
    size = next((by for word, by in WORDS.items() if re.match(rf"{re.escape(words)} {other}{word}", after)), 1.0)
    text = words.replace("−", "-").replace(",", "")
    digit = 10.0 ** -len(text.partition(".")[2])
    if about and "." not in text:  # a headline is rounded
        digit = 10.0 ** (len(text) - len(text.rstrip("0")))
    ways = [1.0, 1e-6] if size > 1 else [1.0]
    ways += [0.01] if re.match(rf"{re.escape(words)}(?: (?:to|and) [\d,.]+)?%", after) else []
    ways += [1 / 12] if " month" in after[: len(words) + 6] else []
    return float(text) * size, digit * size, np.array(ways)[:, None]


def list_numbers(fact):
    """The numbers of a fact: of its row, and of the rows in it."""
    if isinstance(fact, (dict, list)):
        parts = fact.values() if isinstance(fact, dict) else fact
        return [number for part in parts for number in list_numbers(part)]
    return [fact] if isinstance(fact, (int, float)) and not isinstance(fact, bool) and np.isfinite(fact) else []


def list_values(facts, part):
    """What a part may say: the numbers of its facts, and what it counts of others."""
    values = [number for name in FACTS[part] for number in list_numbers(getattr(facts, name))]
    if part == "speed" and facts.before:
        values += [abs(facts.before["gain"]), abs(facts.before["percent"])]
    return np.array(values, float)


def find_missing(text, values, about=False):
    """The numbers of a text that none of `values` is, at the precision printed."""
    text, missing = SET.sub("", text), []
    for match in NUMBER.finditer(text):
        words = match[0].rstrip(",")
        rounded = about or text[: match.start()].endswith("bout ")  # without a range a forecast has two digits
        said, digit, ways = parse(words, text[match.start() :], rounded)
        missing += [] if (np.abs(said * ways - values) <= 0.5001 * digit * ways).any() else [words]
    return missing


def say_parts(facts):
    """The parts of a page, without what may hold numbers: names of limit and series, and why a figure is read so."""
    named = [facts.names.limit_title, facts.names.limit_title.replace(" percent", "%"), facts.names.title]
    named += [facts.saturation_level["sentence"]]  # a cell of 03_saturation_level, whose ends are rounded outwards
    named += [row["reason"] for row in facts.list_rows("02_newer")]
    named += [row["share_of_limit"] for row in facts.list_rows("05_audit")]
    for row in write_findings(facts).itertuples():
        text = row.sentence
        for name in named:
            text = text.replace(name, "") if re.search(r"\d", name) else text
        yield row.part, text


@pytest.fixture(params=[*KEPT, *OTHERS])
def facts(request, tmp_path):
    """Those of a kept run, or of a case of another kind."""
    return read_facts(request.param) if request.param in KEPT else make_case(tmp_path, request.param)


def test_each_fact_stands_in_the_table_the_row_and_the_column_that_it_names(facts):
    numbers = [number for name in ALL for number in list_numbers(getattr(facts, name))]
    placed = [number for number in numbers if isinstance(number, Number)]
    assert placed
    for number in placed:
        table, row, column = number.place
        assert facts.tables[table][column].iloc[row] == number, number.place


def test_what_is_computed_of_facts_is_right(facts):
    last, newest = facts.last["value"], facts.newest["value"]
    if facts.before:
        found, was = facts.before, facts.before["value"]
        assert (found["gain"], found["percent"]) == pytest.approx((last - was, 100 * (last / was - 1)))
        assert found["ratio"] == pytest.approx(last / was)
    assert facts.peak["lost"] == pytest.approx(100 * (1 - last / facts.peak["value"]))
    if facts.reading:
        assert newest == pytest.approx((facts.newer["read_low"] + facts.newer["read_high"]) / 2)
    if facts.jump:
        assert facts.jump["change"] == abs(facts.jump["after"]["value"] - facts.jump["before"]["value"])
    if facts.since_jump:
        assert facts.since_jump["gain"] == last - facts.since_jump["value"]


def test_each_number_is_of_the_facts_that_its_part_may_say(facts):
    for part, text in say_parts(facts):
        missing = find_missing(text, list_values(facts, part), part == "headline")
        assert not missing, f"{missing} of no fact that FACTS names for {part}: {text}"


def test_a_key_number_is_its_text(facts):
    for row in list_key_numbers(facts).itertuples():
        values = np.array([each for each in (row.value, row.low, row.high) if np.isfinite(each)])
        if row.key == "saturation_level":  # rounded outwards, so that the range holds the interval
            continue
        assert find_missing(row.text.removesuffix(row.unit), values) == [], row


def list_sentences():
    """Every sentence that the kept runs say, by run and part."""
    for run in KEPT:
        for row in write_findings(read_facts(run)).itertuples():
            sentences = re.split(r"(?<=[.:]) (?=[A-Z“])|(?<=\.) (?=\d)", row.sentence)
            yield from ((run, row.part, each) for each in sentences)


def test_no_sentence_is_longer_than_thirty_words():
    assert [(place, text) for *place, text in list_sentences() if len(text.split()) > LONGEST] == []


def test_words_that_readers_stumble_over_are_rare():
    """In sentences of the kept runs, in the notebooks and in the package."""
    texts = [text for *_, text in list_sentences()]
    for folder, kind in (("notebooks", "*.ipynb"), ("src", "*.py"), ("src", "*.j2")):
        texts += [path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob(kind))]
    found = [match[0] for text in texts for match in BANNED.finditer(text)]
    assert len(found) <= 15, found


def test_a_rank_is_of_no_list_that_somebody_picked():
    """No sentence ranks; and the lists that tables rank are those that a publisher holds whole."""
    about = indicators.load().indicators
    sizes = {entry.split()[1] for lists in about["whole_lists"] if lists for entry in lists.split("; ")}
    for run in KEPT:
        assert set(read_table(run, "02_countries")["places"].dropna().astype(int).astype(str)) <= sizes, run
    for *place, text in list_sentences():
        assert not re.search(r"\bplace \d+|\branks?\b|\d(?:st|nd|rd|th) of\b|\b(?:highest|lowest) of\b", text), place


def test_the_newest_figure_is_given_as_printed_and_as_read_with_the_reason():
    said = write_findings(read_facts("baseline")).set_index("part")["sentence"]
    assert said["deck"].startswith("More than 700 million people did in June 2026.")
    read = "We read “more than 700 million people” as 702 to 714: the report says more than half of the population"
    assert f"{read}, and we assume at most 2% above 700." in said["now"]


def test_a_range_that_ends_above_the_limit_says_so():
    facts = read_facts("baseline")
    said = write_findings(facts).set_index("part")["sentence"]["caution"]
    passed = f"The range ends above the internet users expected in {facts.goal['date']:%B %Y}, "
    assert (passed in said) == (facts.range["high"] > facts.limit["mean"])
