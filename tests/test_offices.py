"""Files as statistical offices lay them out: what `check` says of each, and what a run would begin with.

The layouts in tests/offices are those of the publishers that its index.csv names; all figures in them are invented.
"""

import csv
import random
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from conftest import examples
from processes import call
from snapshots import check_snapshot

from helpers import indicators
from helpers.base.choices import join_choices
from helpers.base.project import UserError
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
