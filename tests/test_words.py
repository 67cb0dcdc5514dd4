"""Words against numbers: every number of every kept sentence is read back from the cells that it cites, and no two
sentences say one fact in two ways."""

import json
import re

import golden
import pandas as pd
import pytest

from helpers.base.dates import decimal_years
from helpers.base.levels import band_columns, quoted_level
from helpers.show import figures

RUNS = sorted(path.parent.name for path in golden.RUNS.parent.glob("*/06_plain.csv"))
CITING = {"06_plain": "sentence", "06_findings": "sentence", "06_key_numbers": "text"}
STATING = {"05_statements": "statement"}
WORDS = {"million": 1e6, "billion": 1e9, "trillion": 1e12}
NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
DATE = re.compile(r"(?:\d{1,2} )?[A-Z][a-z]+ (?:19|20)\d\d\b")
CELL = re.compile(r"(\d\d_\w+):(\d+):([\w.]+)")
CONSTANTS = re.compile(  # what a rule sets, not a run
    r"\d[\d.]* % (?:band|interval)s?|[\d.]+ of 100 cases|in \d+ of 100\b|10 times the lowest|last two|next two years"
)
"""Numbers that have no cell: levels of bands and intervals, and what a rule counts by."""


def read(run, table):
    folder = golden.RUNS.parent
    path = folder / run / f"{table}.csv"
    return pd.read_csv(path if path.is_file() else golden.BASELINE / f"{table}.csv")


def find(run, cited, changed=None):
    """The value of what a sentence cites, from the files; `changed` is a cell that is 2 % off."""

    def value(match):
        table, row, column = match.groups()
        found = read(run, table)[column][int(row)]
        if column == "date":
            return repr(float(decimal_years([found])[0]))
        return repr(float(found) * (1.02 if match.group() == changed else 1.0))

    return eval(CELL.sub(value, cited), {"__builtins__": {"abs": abs}})


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
    )  # of a share, of a unit in millions
    return any(abs(said * size - value) <= 0.5001 * digit * size for size in sizes)


def reasons(run):
    """What is told of suspected breaks, word for word as the figures' own notes have it."""
    told = read(run, "06_plain").set_index("part")["sentence"].get("caution", ": ")
    return told.partition("counted: ")[2].rstrip(".").split("; ")


@pytest.fixture(scope="module")
def sentences():
    return [
        (run, table, row[column], json.loads(row["cells"]))
        for run in RUNS
        for table, column in CITING.items()
        for _, row in read(run, table).iterrows()
    ]


def differs(run, text, words, source, value, changed=None):
    """What is wrong with a number of a sentence; "" where it is what the files say."""
    found = find(run, source, changed)
    if found != pytest.approx(value, rel=6e-4, abs=1e-9):
        return f"{run}: {source} is {found}, not {value}"
    return "" if words in text and agrees(words, value) else f"{run}: {words!r} is said of {value}"


def test_every_number_of_a_sentence_is_the_cell_that_it_cites(sentences):
    assert not [wrong for run, _, text, cited in sentences for each in cited if (wrong := differs(run, text, *each))]
    assert sum(len(cited) for *_, cited in sentences) > 300


def test_no_number_of_a_sentence_is_without_a_cell(sentences):
    """But for dates, names, a short list of constants, and the range of a ceiling, which is a text of its table."""
    wrong = []
    for run, table, text, cited in sentences:
        rest = DATE.sub("", CONSTANTS.sub("", text.replace(read(run, "03_ceiling")["sentence"][0], "")))
        names = {*read(run, "01_coverage")["title"], *read(run, "02_shares")["base"].str.lower(), *reasons(run)}
        for words in sorted(
            {
                *(each[0] for each in cited),
                *names,
            }
            - {""},
            key=len,
            reverse=True,
        ):
            rest = rest.replace(words, "")
        wrong += [(run, table, rest)] if NUMBER.search(rest) else []
    assert not wrong


def test_a_number_whose_cell_is_two_percent_off_is_found_out(sentences):
    unseen = [
        (run, source, cell.group())
        for run, _, text, cited in sentences
        for words, source, value in cited
        for cell in CELL.finditer(source)
        if cell.group(3) != "date" and value and not differs(run, text, words, source, value, cell.group())
    ]
    assert not unseen


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
    low, high = band_columns(quoted_level([0.5, 0.9] if run == "levels" else [0.6] if run == "sixty" else [0.5, 0.8]))
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
    rules = re.compile(r"[\d.]+ % band|three|95 %|\bSD\b|10 or more|factor of [\d.]+|10 times")
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
