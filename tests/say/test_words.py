"""Words against numbers: a statement holds the numbers that it says, and no two sentences say a fact in two ways."""

import json
import re

import golden
import pandas as pd
import pytest

from adoption_curves import indicators
from adoption_curves.base.levels import band_columns, quoted_level
from adoption_curves.show import figures

RUNS = sorted(path.parent.name for path in golden.RUNS.parent.glob("*/06_plain.csv"))
WORDS = {"million": 1e6, "billion": 1e9, "trillion": 1e12}
NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
DATE = re.compile(r"(?:\d{1,2} )?[A-Z][a-z]+ (?:19|20)\d\d\b")


def read(run, table):
    folder = golden.RUNS.parent
    path = folder / run / f"{table}.csv"
    return pd.read_csv(path if path.is_file() else golden.BASELINE / f"{table}.csv")


def parse(words):
    """The first number of some words, and the unit of its last digit."""
    digits = NUMBER.search(words.replace("−", "-"))
    size = next((by for word, by in WORDS.items() if re.search(rf"{re.escape(digits.group())} {word}", words)), 1.0)
    text = digits.group().replace(",", "")
    decimals = len(text.partition("e")[0].partition(".")[2])
    scale = 10.0 ** int(text.partition("e")[2] or 0)
    return float(text) * size, size * scale * 10.0**-decimals


def agrees(words, value):
    """Whether words are a number as rounded, in percent or in the unit, whose own scale word may follow."""
    if words.startswith(("less than 1 %", "more than 99 %")):
        return value < 0.005 if words.startswith("less") else 0.995 <= value < 1
    said, digit = parse(words)
    sizes = (
        1,
        0.01 if "%" in words else 1,
        *(1 / size for size in WORDS.values()),
        *WORDS.values(),
    )  # of a share, of a unit in millions, of the lower end of a range whose scale follows the upper one
    return any(abs(said * size - value) <= 0.5001 * digit * size for size in sizes)


PAIRS = [  # one fact in two places: a key number, and the table and the part of it that says it too
    ("latest", "06_findings", 0),
    ("growth_year", "06_findings", 0),
    ("published_rate", "06_findings", 0),
    ("latest", "06_plain", "level"),
    ("published_rate", "06_plain", "level"),
    ("ceiling", "06_plain", "end"),
    ("ceiling", "06_findings", -2),
]


def pick(run, table, part):
    rows = read(run, table)
    return rows["sentence"].iloc[part] if isinstance(part, int) else rows.set_index("part")["sentence"].get(part, "")


@pytest.mark.parametrize("run", RUNS)
def test_a_fact_is_the_same_in_two_places(run):
    numbers = read(run, "06_key_numbers").set_index("key")
    for key, table, part in PAIRS:
        told = numbers["text"].get(key)
        if told is not None and not (key == "ceiling" and pd.isna(numbers["low"][key])):
            assert told in pick(run, table, part), (key, table, part)
    bands = numbers[numbers.index.str.fullmatch(r"forecast_\d{4}_\d\d")]
    low, high = band_columns(quoted_level([0.5, 0.8]))
    combined = read(run, "05_forecast").query("method == 'combined'").set_index("date")
    for text, label in zip(bands["text"], bands["label"], strict=True):
        date, said = label.removeprefix("Forecast for "), text.partition(" (")[0]
        for sentence in (pick(run, "06_plain", "forecast"), pick(run, "06_findings", -1)):
            assert date not in sentence or said in sentence, (date, said, sentence)
    following = read(run, "06_next")
    for _, row in following[following["part"] == "surprise"].iterrows():
        assert (row["low"], row["high"]) == pytest.approx(tuple(combined.loc[row["date"], [low, high]]))
    covered = numbers.loc[[key for key in numbers.index if key.startswith("coverage_")], "text"]
    assert len(covered) == 1
    assert f"covered {covered.iloc[0]} of" in pick(run, "06_findings", -1)


NEGATIONS = {  # what is said not to be, and the key numbers that must not be there
    "no ceiling is given": ("ceiling",),
    "No forecast is given": ("forecast_",),
    "cannot say": ("ceiling",),
}


@pytest.mark.parametrize("run", RUNS)
def test_what_is_said_not_to_be_is_nowhere(run):
    numbers, told = read(run, "06_key_numbers"), " ".join(read(run, "06_findings")["sentence"])
    for words, keys in NEGATIONS.items():
        if words in told:
            given = numbers[numbers["key"].str.startswith(keys) & numbers[["value", "low", "high"]].notna().any(axis=1)]
            beyond = given["text"].str.startswith("not known")
            assert given[~beyond].empty, (run, words)
    assert ("the same as in" in pick(run, "06_plain", "headline")) == ("no change since" in told)
    if "no rise to measure" in told or "fallen since" in told:
        assert "of the bound in" not in told


@pytest.mark.parametrize("run", [run for run in RUNS if (golden.RUNS.parent / run / "02_pace.csv").is_file()])
def test_titles_of_figures_say_the_same(run):
    names = {"title": "Users", "unit": "percent", "bound_title": "adults"}
    pace, told = read(run, "02_pace"), " ".join(read(run, "06_findings")["sentence"])
    figure = figures.draw_alignment(read(run, "02_aligned"), pace, names, "Source")
    if figure is None or "of the bound in" not in told:
        return
    title = figure.texts[0].get_text() if figure.texts else figure.get_suptitle()
    counted = re.search(r"of the bound in ([\d.]+) years; of (\d+) series .*?(none|\d+) (?:was|were)", told).groups()
    assert all(re.search(rf"\b{re.escape(each)}\b", " ".join(title.split())) for each in counted), title


def test_statements_hold_the_numbers_that_they_say():
    """Each number of a statement is one of the numbers beside it, or one that the statement's rule sets."""
    rules = re.compile(r"[\d.]+ % band|three|95 %|\bSD\b|10 or more|more than 99 %|factor of [\d.]+|10 times")
    wrong = []
    for run in RUNS:
        statements = read(run, "05_statements")
        for row in statements[statements["topic"] != "question"].itertuples():  # that one quotes notes of the data
            values = [each for each in json.loads(row.numbers).values() if isinstance(each, int | float)]
            text = row.statement.replace(read(run, "03_ceiling")["sentence"][0], "").partition(": ")[2]
            for words in re.findall(
                r"[−-]?\d[\d,.]*\d(?: %| million| billion)?|\d(?: %)?", rules.sub("", DATE.sub("", text))
            ):
                wrong += [(run, row.topic, words)] if not any(agrees(words, value) for value in values) else []
    assert wrong == []


def test_ranks_and_superlatives_are_of_whole_lists():
    """In every sentence of a kept run; a series among technologies on one clock is counted, not ranked."""
    about = indicators.load().indicators
    sizes = {entry.split()[1] for lists in about["whole_lists"] if lists for entry in lists.split("; ")}
    for run in RUNS:
        compared = read(run, "02_countries")
        assert set(compared["places"].dropna().astype(int).astype(str)) <= sizes, run
        for table in ("06_plain", "06_findings", "05_statements"):
            texts = read(run, table)
            for text in texts["statement" if table == "05_statements" else "sentence"]:
                assert not re.search(
                    r"\bplace \d+|\branks?\b|\d(?:st|nd|rd|th) of\b|\b(?:highest|lowest) of\b", text
                ), text
                listed = re.findall(r"number \d+ of all (\d+)", text)
                assert set(listed) <= sizes, text
                assert "highest:" not in text or listed, text
