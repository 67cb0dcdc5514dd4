"""Words against numbers: each number of a sentence is found in the tables that its rule names, and only there."""

import re
from pathlib import Path

import golden
import numpy as np
import pandas as pd
import pytest
from kept_runs import RUNS, read_facts, read_table

from adoption_curves import indicators
from adoption_curves.base.dates import decimal_years
from adoption_curves.say.findings import list_key_numbers, write_findings

ROOT = Path(__file__).parents[2]
WORDS = {"million": 1e6, "billion": 1e9, "trillion": 1e12}
NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
SET = re.compile(
    r"\b(?:\d+ )?(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b"
    r"|\b(?:in|by|by the end of|for|since|until|between|and|to|From) (?:19|20)\d\d\b|\((?:19|20)\d\d\)"
    r"|aged \d+[^.,;]*|\d+ percent of|\d years after|fewer than \d+ per \d+|called \d+%"
)
"""Dates, ages, names, and what the sentence's rule sets: no numbers of a table."""
TABLES = {
    "headline": ("02_growth", "02_newer", "03_ceiling", "05_forecast"),
    "deck": ("02_earlier", "02_growth", "02_later", "02_newer", "05_bound", "05_forecast", "05_middle"),
    "known": ("02_growth",),
    "now": ("02_growth", "02_newer"),
    "speed": ("02_growth", "02_newer", "02_pace", "05_forecast"),
    "forecast": (
        "03_ceiling",
        "03_odds",
        "05_alike",
        "05_bound",
        "05_class",
        "05_coverage",
        "05_forecast",
        "05_middle",
    ),
    "caution": ("02_growth", "02_countries", "03_ceiling", "05_bound"),
    "quote": ("05_forecast", "02_growth", "02_newer", "05_bound"),
    "quote_not": ("03_ceiling", "05_middle"),
}
"""The parts of the findings, and the tables in which the numbers of each are found."""
BANNED = re.compile((ROOT / "tests" / "say" / "ban.txt").read_text(encoding="utf-8").strip())
UNQUOTED = ["q0.05", "q0.25", "q0.75", "q0.95"]
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


def derive(part, tables):
    """What sentences compute from their tables by their rule."""
    figures = tables["02_growth"]["value"].to_numpy(float) if "02_growth" in tables else np.empty(0)
    if part == "caution":
        return [np.abs(np.diff(figures))]
    if part != "speed":
        return []
    first, newer = figures[figures > 0], tables["02_newer"]
    values = [np.abs(figures[-1] - first), figures[-1] / first, 100 * np.abs(figures[-1] / first - 1)]
    values += [tables["02_pace"][name] - 1.0 for name in ("of", "place") if name in tables["02_pace"]]
    values += [100 * (1 - figures[-1:] / figures.max())]
    if tables["05_forecast"].empty:
        return values
    then, ahead = (decimal_years(tables[name]["date"]) for name in ("02_growth", "05_forecast"))
    start, date = figures[-1], then[-1]
    if len(newer) and np.isfinite(newer["read_low"].iloc[-1]):
        start = newer[["read_low", "read_high"]].iloc[-1].mean()
        date = decimal_years(newer["date"])[-1]
    past = date - then
    values += [np.array([start])]  # also where it is read between two ends
    values += [((start - figures) / np.where(past > 0, past, np.nan)).ravel()]
    return [*values, (tables["05_forecast"]["q0.5"].to_numpy(float) - start) / (ahead - date)]


def list_values(part, tables):
    """Every number of some tables, and what sentences derive from them by their rule."""
    values = [frame.select_dtypes("number").to_numpy(float).ravel() for frame in tables.values()]
    found = np.concatenate([*values, *(np.asarray(each, float).ravel() for each in derive(part, tables))])
    return found[np.isfinite(found)]


def find_missing(text, values, about=False):
    """The numbers of a text that none of `values` is, at the precision printed."""
    text, missing = SET.sub("", text), []
    for match in NUMBER.finditer(text):
        words = match[0].rstrip(",")
        rounded = about or text[: match.start()].endswith("bout ")  # without a range a forecast has two digits
        said, digit, ways = parse(words, text[match.start() :], rounded)
        missing += [] if (np.abs(said * ways - values) <= 0.5001 * digit * ways).any() else [words]
    return missing


def read_rule(run, part):
    """What a part quotes of the tables that its rule names: dates, and the numbers of the quoted range."""
    facts = read_facts(run)
    tables = {name: facts.tables[name] for name in TABLES[part]}
    if "05_coverage" in tables:
        tables["05_coverage"] = tables["05_coverage"].query(f"level == {facts.level}")
    return {name: frame.drop(columns=UNQUOTED, errors="ignore") for name, frame in tables.items()}


def say_parts(run):
    """The parts of a run, without what may hold numbers: names of limit and series, and why a figure is read so."""
    facts = read_facts(run)
    named = [facts.names["bound_title"], facts.names["bound_title"].replace(" percent", "%"), facts.title]
    named += [facts.ceiling["sentence"]]  # a cell of 03_ceiling, whose ends are rounded outwards
    named += [row["reason"] for row in facts.list_rows("02_newer")]
    for row in write_findings(facts).itertuples():
        text = row.sentence
        for name in named:
            text = text.replace(name, "") if re.search(r"\d", name) else text
        yield row.part, text


@pytest.mark.parametrize("run", RUNS)
def test_each_number_is_found_in_the_tables_that_its_rule_names(run):
    for part, text in say_parts(run):
        assert find_missing(text, list_values(part, read_rule(run, part)), part == "headline") == [], (part, text)


@pytest.mark.parametrize("run", RUNS)
def test_a_key_number_is_its_text(run):
    for row in list_key_numbers(read_facts(run)).itertuples():
        values = np.array([each for each in (row.value, row.low, row.high) if np.isfinite(each)])
        if row.key == "ceiling":  # rounded outwards, so that the range holds the interval
            continue
        assert find_missing(row.text.removesuffix(row.unit), values) == [], row


def list_sentences():
    """Every sentence that the kept runs say, by run and part."""
    for run in RUNS:
        for row in write_findings(read_facts(run)).itertuples():
            sentences = re.split(r"(?<=[.:]) (?=[A-Z“])|(?<=\.) (?=\d)", row.sentence)
            yield from ((run, row.part, each) for each in sentences)


def test_no_sentence_is_longer_than_thirty_words():
    assert [(place, text) for *place, text in list_sentences() if len(text.split()) > LONGEST] == []


def test_words_that_readers_stumble_over_are_rare():
    """In sentences of the kept runs, in the notebooks and in the package."""
    texts = [text for *_, text in list_sentences()]
    for folder, kind in (("notebooks", "*.ipynb"), ("src", "*.py"), ("src", "*.j2"), ("src", "*.toml")):
        texts += [path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob(kind))]
    found = [match[0] for text in texts for match in BANNED.finditer(text)]
    assert len(found) <= 15, found


def test_a_rank_is_of_no_list_that_somebody_picked():
    """No sentence ranks; and the lists that tables rank are those that a publisher holds whole."""
    about = indicators.load().indicators
    sizes = {entry.split()[1] for lists in about["whole_lists"] if lists for entry in lists.split("; ")}
    for run in RUNS:
        assert set(read_table(run, "02_countries")["places"].dropna().astype(int).astype(str)) <= sizes, run
    for *place, text in list_sentences():
        assert not re.search(r"\bplace \d+|\branks?\b|\d(?:st|nd|rd|th) of\b|\b(?:highest|lowest) of\b", text), place


def test_the_newest_figure_is_given_as_printed_and_as_read_with_the_reason():
    said = write_findings(read_facts("baseline")).set_index("part")["sentence"]
    assert said["deck"].startswith("More than 700 million people did in June 2026.")
    assert "We read it as 702 to 714 million people: from half of the population (the report" in said["now"]
    assert "any number" not in " ".join(said)
    assert "at least 700" not in " ".join(said)


def test_untrue_sentences_of_earlier_releases_are_gone():
    """Rows of the lists that readers made: ranks, borrowed records, 'may reach', counts of figures not used."""
    said = " ".join(text for *_, text in list_sentences())
    gone = (ROOT / "tests" / "say" / "gone.txt").read_text(encoding="utf-8").splitlines()
    assert [words for words in gone if words in said] == []
    facts = read_facts("baseline")
    then, limit = f"{facts.goal['date']:%B %Y}", facts.limit["mean"]
    passed = f"above the internet users that we expect in {then}, {limit:,.0f} million people; that number is uncertain"
    assert (passed in said) == (facts.range["high"] > limit)


def test_kept_sentences_are_those_of_the_kept_tables_and_hold_what_readers_may_meet():
    """On the page of all sentences too."""
    for run in RUNS:
        kept = pd.read_csv(golden.RUNS.parent / run / "06_findings.csv")
        pd.testing.assert_frame_equal(kept, write_findings(read_facts(run)))
    text = golden.collect_words()
    assert golden.WORDS.read_text(encoding="utf-8") == text
    odd = ["nan", "inf ", " inf", "None", "no end", "without end", "  ", "..", " ,", "genai_users", "[", "{"]
    assert [words for words in odd if words in text.removeprefix(golden.OPENING)] == []
    assert not re.search(r"\d{4}-\d\d-\d\d", text), "a date that is not written out"
