"""Files as statistical offices lay them out, and invented ones: read, or refused before a run would begin with them.

The layouts in tests/offices are those of the publishers that its index.csv names; all figures in them are invented.
"""

import random
import struct
from pathlib import Path

import pytest
from processes import call

from adoption_curves import indicators
from adoption_curves.base.project import UserError
from adoption_curves.base.source import Source
from adoption_curves.indicators import sheets
from adoption_curves.indicators.periods import interpret_date
from adoption_curves.indicators.units import split_heading
from adoption_curves.runs.check_run import check_parameters
from adoption_curves.runs.parameters import complete_parameters, read_parameters

OFFICES = Path(__file__).parents[1] / "offices"
LAYOUTS = [
    ("eu_estat.csv", {}, [93, 96]),
    ("it_istat.csv", {}, [15830, 18977]),
    ("us_census.xlsx", {}, [302_500, 530_100]),
    ("old_excel.xls", {}, [3500, 15_500]),
    ("hu_utf16.txt", {}, [62.9, 75.1]),
    ("ca_statcan.csv", {"unit": "thousand vehicles"}, [11_400, 60_400]),
    ("ca_statcan.csv", {}, "write --unit, as in --unit 'thousand people'"),
    ("uk_ons_mixed.csv", {}, "keep one"),
    ("fiscal_in.xlsx", {}, "--year-ends 03-31"),
]


@pytest.mark.parametrize(("name", "choices", "meant"), LAYOUTS)
def test_offices_files_are_read_or_refused_with_what_to_write(name, choices, meant):
    source = Source(OFFICES / name, choices)
    if isinstance(meant, str):
        with pytest.raises(indicators.DataError, match=meant):
            indicators.load(source)
    else:
        data = indicators.load(source)
        assert data.exact_values(*data.own[0]).iloc[[0, -1]].tolist() == meant


def test_the_extent_of_an_old_spreadsheet_is_read_before_its_cells(tmp_path):
    raw = (OFFICES / "old_excel.xls").read_bytes()
    last, far = (struct.pack("<HHHHHd", 0x203, 14, *place, 0, 15.5) for place in ((3, 1), (65_535, 255)))
    assert sheets.measure_xls(raw) == (4, 2)
    path = tmp_path / "far.xls"
    path.write_bytes(raw.replace(last, far))
    with pytest.raises(indicators.DataError, match="65,536 rows and 256 columns, more than 2,000,000 cells"):
        indicators.load(path)
    circle = raw[:520] + struct.pack("<I", 2) + raw[524:]  # the first sector of the workbook names itself
    for content in (raw[:600], circle):
        path.write_bytes(content)
        with pytest.raises(indicators.DataError, match="cannot be read as a spreadsheet"):
            indicators.load(path)


def invent(number):
    """A file that someone may have: kinds of periods, units, shapes, breaks and groups by the numbers drawn."""
    draw = random.Random(number)
    count, kind = draw.choice([2, 3, 5, 8, 13, 14]), draw.choice("YQM")
    forms = {"Y": "{0}", "Q": draw.choice(["{0} Q{1}", "Q{1}/{0}", "{0}-Q{1}"]), "M": "{0}-{1:02d}"}
    parts = {"Y": 1, "Q": 4, "M": 12}[kind]
    dates = [forms[kind].format(2010 + place // parts, place % parts + 1) for place in range(count)]
    shapes = [
        lambda t: 2 + 3 * t,
        lambda t: 3 * 1.2**t,
        lambda t: max(0, t - 2),
        lambda t: 60 - 4 * abs(t - 3),
        lambda t: 7,
    ]
    shape, groups = draw.choice(shapes), draw.choice([[""], [""], ["Chad", "Mali"]])
    unit = draw.choice(["", " (%)", " (thousand people)"])
    heading, breaks = f"Homes{unit}", draw.choice([0, 0, count - 1, count // 2])
    mark, rows = draw.choice(",;"), []
    for group in groups:
        for place, date in enumerate(dates):
            reason = "new survey" if breaks and place == breaks else ""
            rows.append([date, f"{round(shape(place), 1):g}", *([group] if group else []), reason])
    header = ["Period", heading, *(["country"] if groups[0] else []), "break"]
    title = draw.choice([[], [["A title"]], [["A title"], ["Source: us"]]])
    return "\n".join(mark.join(f'"{cell}"' for cell in row) for row in [*title, header, *rows]) + "\n"


def find_refusal(values):
    """What a run says of these parameters before its first notebook; "" where it begins."""
    try:
        check_parameters(complete_parameters(read_parameters(values)))
    except UserError as error:
        return str(error)
    return ""


def test_what_check_accepts_a_run_accepts(tmp_path, capsys):
    """No file is called ok of which a run would refuse a series before its first notebook without having been told."""
    accepted = 0
    for number in range(8):
        path = tmp_path / f"file{number}.csv"
        path.write_text(invent(number), encoding="utf-8")
        code, out, _ = call(capsys, "check", path)
        refused = [line.removeprefix("no run: ") for line in out.splitlines() if line.startswith("no run: ")]
        series = indicators.load(path).own if code == 0 else []
        assert "Traceback" not in out
        assert ("unit: " in out) == (code == 0)
        for entity, indicator in series:
            why = find_refusal({"data": str(path), "entity": entity, "indicator": indicator})
            assert not why or why in refused, number
            accepted += not why
    assert accepted > 8 / 4


HEADINGS = """Users (million) | million | Users
Share of homes, % | percent | Share of homes
Percentage of firms | | Percentage of firms
Users (2021) | | Users (2021)
Downloads (iOS) | | Downloads (iOS)
Users (estimated, million) | million | Users (estimated)
Users in thousands | in thousands | Users
网民规模（万人） | 万人 | 网民规模
Model 1000 | | Model 1000
Adoption percent | percent | Adoption"""
DATES = """Q1/2023 | quarter 2023-03-31
T1 2023 | quarter 2023-03-31
2023K1 | quarter 2023-03-31
2023M03 | month 2023-03-31
March 2023 | month 2023-03-31
2023-S2 | half-year 2023-12-31
I/2023 |  None
1/2023 |  None
2023/24 | fiscal year None
2023.1 |  None
2023年第三季度 | quarter 2023-09-30
2023年3月 | month 2023-03-31
Mar-23 | month 2023-03-31
23-Mar |  None"""


@pytest.mark.parametrize("line", HEADINGS.splitlines())
def test_headings_say_their_unit_and_title(line):
    heading, unit, title = (part.strip() for part in f"{line} ".split("|"))
    assert split_heading(heading) == (unit, title)


@pytest.mark.parametrize("line", DATES.splitlines())
def test_periods_are_read_in_words_and_numbers(line):
    text, meant = line.split(" | ")
    kind, day = interpret_date(text)
    assert f"{kind} {day}" == meant


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250"])
def test_other_encodings_than_utf8_are_asked_for(tmp_path, encoding):
    path = tmp_path / "text.csv"
    path.write_bytes("Jahr;Haushalte mit Wärmepumpe\n2019;3\n2020;8\n".encode(encoding))
    with pytest.raises(indicators.DataError, match="or write --encoding"):
        indicators.load(path)
    data = indicators.load(Source(path, {"encoding": encoding}))
    assert data.find_entry(data.own[0][1]).title == "Haushalte mit Wärmepumpe"
