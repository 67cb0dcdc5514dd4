"""Files as statistical offices lay them out: what `check` says of each, and what a run would begin with.

The layouts in tests/offices are those of the publishers that its index.csv names; all figures in them are invented.
"""

import csv
import random
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from conftest import examples
from processes import call
from snapshots import check_snapshot

from helpers import indicators
from helpers.base.choices import join_choices
from helpers.base.project import UserError
from helpers.indicators.periods import interpret_date
from helpers.indicators.units import find_unit
from helpers.runs.checks import check_parameters
from helpers.runs.parameters import complete_parameters, read_parameters

OFFICES = Path(__file__).parent / "offices"


def test_offices_files_are_read_or_refused_with_the_option(capsys, monkeypatch, renew):
    monkeypatch.chdir(OFFICES)
    seen = {}

    def check(name, **choices):
        told = StringIO()
        with redirect_stdout(told):
            words = [word for option, value in choices.items() for word in (f"--{option}", value)]
            code, _, _ = call(capsys, "check", name, *words)
        assert code == 0 or "write" in told.getvalue()
        seen[name] = code
        print(told.getvalue(), end="")
        if code == 0:
            data = indicators.load(join_choices(name, choices))
            values = data.exact_values(*data.own[0])
            print(f"= {data.find_entry(data.own[0][1]).title}: {values.iloc[0]:.10g} to {values.iloc[-1]:.10g}")

    check_snapshot("offices", {"check": check}, renew)
    with (OFFICES / "index.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["file"] for row in csv.DictReader(file)}
    assert set(seen) == listed == {path.name for path in OFFICES.iterdir()} - {"index.csv"}
    assert [name for name, code in seen.items() if code] == ["fiscal_in.xlsx"], "the last call of each has its option"


def invent(number):
    """A file that someone may have: kinds of periods, units, shapes, breaks and groups by the numbers drawn."""
    draw = random.Random(number)
    count, kind = draw.choice([2, 3, 5, 8, 13, 14]), draw.choice("YQM")
    forms = {"Y": "{0}", "Q": draw.choice(["{0} Q{1}", "Q{1}/{0}", "{1}. Quartal {0}"]), "M": "{0}-{1:02d}"}
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
    unit = draw.choice(["", " (%)", " (thousand persons)", " (Tsd.)", ", kumuliert"])
    heading, breaks = f"Haushalte{unit}", draw.choice([0, 0, count - 1, count // 2])
    mark, rows = draw.choice(",;"), []
    for group in groups:
        for place, date in enumerate(dates):
            reason = "new survey" if breaks and place == breaks else ""
            rows.append([date, f"{round(shape(place), 1):g}", *([group] if group else []), reason])
    header = ["Zeitraum", heading, *(["country"] if groups[0] else []), "break"]
    title = draw.choice([[], [["Ein Titel"]], [["A title"], ["Source: us"]]])
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
    for number in range(examples(100)):
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
    assert accepted > examples(100) / 4


# Headings as offices write them, the unit and the title that they say
HEADINGS = """Haushalte (1000) | thousand Haushalte | Haushalte
Personen in Tausend | thousand Personen | Personen
Umsatz (Mio. EUR) | million EUR | Umsatz
Households ('000) | thousand Households | Households
1 000-tal | thousand |
Famiglie (migliaia) | thousand Famiglie | Famiglie
Osoby w tys. | thousand Osoby | Osoby
тыс. человек | thousand человек | тыс. человек
用户规模（亿人） | hundred million 人 | 用户规模
Users in hundred thousands | hundred thousand Users | Users
Usuarios (mil millones) | billion Usuarios | Usuarios
Nutzer (Billionen) | trillion Nutzer | Nutzer
Sales (k) | thousand sales | Sales
Users M | | Users M
Anteil in % | percent | Anteil
Доля домохозяйств, в процентах | percent | Доля домохозяйств
Percentage of firms | percent of firms | Percentage of firms
Subscriptions per 100 inhabitants | per 100 inhabitants | Subscriptions
Rate per thousand people | per thousand people | Rate
Veränderung in % | | Veränderung in %
Nutzer in Mio. / Anteil in % | | Nutzer in Mio. / Anteil in %
Users (2021) | | Users (2021)
Firms (1000+ employees) | | Firms (1000+ employees)"""
DATES = """1. Quartal 2023 | quarter 2023-03-31
1. Vj. 2023 | quarter 2023-03-31
Q1/23 | quarter 2023-03-31
T1 2023 | quarter 2023-03-31
I kw. 2023 | quarter 2023-03-31
2023K1 | quarter 2023-03-31
2023年第1季度 | quarter 2023-03-31
Jan-Mar 2023 | quarter 2023-03-31
März 2023 | month 2023-03-31
2023M03 | month 2023-03-31
říjen 2023 | month 2023-10-31
Mar-23 | month 2023-03-31
1er janvier 2023 | form 2023-01-01
2023 (p) | year 2023-12-31
II półrocze 2023 | half-year 2023-12-31
I/2023 | quarter or month None
1/2023 | quarter or month None
5/2023 | month 2023-05-31
2023/24 | fiscal None
2023.1 |  None
23-Mar |  None"""


@pytest.mark.parametrize("line", HEADINGS.splitlines())
def test_headings_say_their_unit_and_title(line):
    heading, unit, title = (part.strip() for part in f"{line} ".split("|"))
    assert find_unit(heading) == (unit, title)


@pytest.mark.parametrize("line", DATES.splitlines())
def test_periods_are_read_in_words_and_numbers(line):
    text, meant = line.split(" | ")
    kind, day = interpret_date(text)
    assert f"{kind} {day}" == meant


@pytest.mark.parametrize(("encoding", "text"), [
    ("cp1252", "Année;Ménages\n2019;3\n2020;8\n"), ("cp1252", "Jahr;Haushalte mit Wärmepumpe\n2019;3\n2020;8\n"),
    ("utf-16", "Rok;Počet\n2019;3\n2020;8\n"), ("utf-16-le", "Rok;Počet\n2019;3\n2020;8\n"),
])  # fmt: skip
def test_western_texts_and_utf16_are_read(tmp_path, encoding, text):
    path = tmp_path / "text.csv"
    path.write_bytes(text.encode(encoding))
    title = text.split("\n")[0].split(";")[1]
    data = indicators.load(f"{path}?title={title}" if title == "Počet" else path)
    assert data.find_entry(data.own[0][1]).title == title


@pytest.mark.parametrize(("encoding", "text"), [
    ("cp1250", "Rok;Počet domácností\n2019;3\n"), ("cp1250", "Rok;Ludność\n2019;3\n"), ("cp1251", "Год;Люди\n2019;3\n"),
    ("iso8859-2", "Rok;Źródło\n2019;3\n"), ("koi8-r", "Год;Люди\n2019;3\n"), ("gbk", "年;人数\n2019;3\n"),
    ("cp1254", "Yıl;Kişi sayısı\n2019;3\n"), ("cp1257", "Gads;Skaitļi mājās\n2019;3\n"),
    ("cp1253", "Έτος;Άτομα\n2019;3\n"),
])  # fmt: skip
def test_other_encodings_are_asked_for(tmp_path, encoding, text):
    path = tmp_path / "text.csv"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(indicators.DataError, match="write --encoding cp1250"):
        indicators.load(path)
    data = indicators.load(join_choices(path, {"encoding": encoding, "value": text.split("\n")[0].split(";")[1]}))
    assert data.exact_values(*data.own[0]).tolist() == [3]
