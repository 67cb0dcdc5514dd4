"""Fetching from publishers, whose answers a server on this machine gives; one test asks the publishers themselves."""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from processes import call
from publishers import ANSWERS, DATA, FLOWS, WB, Publishers, serve

from adoption_curves import forecast, indicators
from adoption_curves.base.project import RunError
from adoption_curves.indicators.problems import DataError

fetching = importlib.import_module("adoption_curves.indicators.fetch")  # the package has the function under this name
NORWAY = ["owid:electric-car-sales-share", "--where", "entity=Norway"]
INDIA = ["wb:IT.NET.USER.ZS", "--where", "country=IND"]
FIRMS = ["eurostat:isoc_eb_ai"]


def redirect(address):
    return lambda server: server.give(b"", "text/csv", 302, Location=address)


def answer(content, kind="application/json", status=200, **headers):
    return lambda server: server.give(content, kind, status, **headers)


def drip(begin):
    """An answer that begins so, and goes on a byte at a time."""

    def fault(server):
        server.wfile.write(begin)
        for _ in range(40):
            server.wfile.write(b"x")
            time.sleep(0.05)

    return fault


def cut(content, *headers):
    """The beginning of an answer, whose headers do not say how long it is but for these."""
    head = "\r\n".join(["HTTP/1.0 200 OK", "Content-Type: text/csv", *headers])
    return lambda server: server.wfile.write(f"{head}\r\n\r\n".encode() + content)


@pytest.fixture
def publishers(monkeypatch, tmp_path):
    """The server, the addresses of which the command knows; tests stand in an empty folder."""
    monkeypatch.setattr(fetching, "_PAUSE", 0)
    monkeypatch.chdir(tmp_path)
    with serve() as (hosts, variable):
        monkeypatch.setenv("ADOPTION_HOSTS", variable)
        yield hosts


def fetch(capsys, *words):
    code, out, err = call(capsys, "fetch", *words)
    return code, out + err


# What is written, and asked


ELECTRIC = {"date": "2024", "value": "92", "unit": "%", "entity": "Norway"}
INTERNET = {"date": "2023", "value": "56.0", "unit": "% of population", "entity": "India", "licence": "CC BY-4.0"}
SMALL = {"date": "2025", "value": "17", "unit": "Percentage of enterprises"}


@pytest.mark.parametrize(
    ("words", "asked", "last", "told"),
    [
        (
            NORWAY,
            ["--measure", "flow"],
            ELECTRIC | {"source": "IEA (2025) – processed by Our World in Data"},
            "Licence: not stated there.",
        ),
        (INDIA, ["--unit", "% of population", "--measure", "level"], INTERNET, "Licence: CC BY-4.0."),
        (
            [*FIRMS, "--where", "geo=EU27_2020", "--where", "size_emp=10-49"],
            ["--measure", "level"],
            SMALL | {"address": "https://doi.org/10.2908/ISOC_EB_AI"},
            "Licence: not stated there.",
        ),
    ],
)
def test_what_a_publisher_does_not_say_is_asked_once_and_a_run_needs_nothing_more(
    publishers, capsys, words, asked, last, told
):
    code, said = fetch(capsys, *words, "--to", "mine.csv")
    assert code == 1
    assert not Path("mine.csv").exists()
    assert [option for option in ("--unit", "--measure") if f"{option} " in said] == asked[::2]
    code, said = fetch(capsys, *words, *asked, "--to", "mine.csv")
    assert (code, said.splitlines()[-1]) == (0, "adoption run mine -p data mine.csv")
    assert told in said
    table = pd.read_csv("mine.csv", dtype=str, keep_default_na=False)
    assert last.items() <= table.iloc[-1].to_dict().items()
    assert set(table["retrieved"]) == {f"{pd.Timestamp.now():%Y-%m-%d}"}
    data = indicators.load("mine.csv")
    source = data.sources[data.sources["source_id"].str.startswith("own")].iloc[0]
    assert (source["url"], f"{source['accessed']:%Y-%m-%d}") == (table["address"][0], table["retrieved"][0])
    assert source["licence"] == table.get("licence", pd.Series(["not stated"]))[0]
    code, out, _ = call(capsys, "check", "mine.csv")
    assert (code, out.splitlines()[-1]) == (0, "adoption run mine -p data mine.csv")


def test_each_publisher_is_asked_no_more_than_it_needs(publishers, capsys):
    fetch(capsys, *NORWAY, "--measure", "flow")
    assert len(Publishers.asked) == 2
    fetch(capsys, *INDIA, "--unit", "%", "--measure", "level")
    assert sum(WB in path for path in Publishers.asked) == 2, "two pages"
    Publishers.asked.clear()
    named = "freq=A size_emp=GE250 nace_r2=C10-S951_X_K indic_is=E_AI_TANY unit=PC_ENT geo=RO"
    words = [word for pair in named.split() for word in ("--where", pair)]
    assert fetch(capsys, *FIRMS, *words, "--measure", "level")[0] == 0
    assert [urlsplit(path).path for path in Publishers.asked] == [
        f"{FLOWS}/ISOC_EB_AI/latest",
        f"{DATA}/A.GE250.C10-S951_X_K.E_AI_TANY.PC_ENT.RO",
    ]


def test_what_varies_is_listed_and_several_are_series_of_their_own(publishers, capsys):
    code, said = fetch(capsys, *FIRMS, "--where", "geo=RO", "--where", "geo=EU27_2020")
    assert code == 1
    assert "size_emp: is one of 10-49 (From 10 to 49 persons employed), 50-249 (" in said
    assert "geo:" not in said
    words = ["--where", "geo=EU27_2020", "--where", "size_emp=10-49", "--where", "size_emp=GE250", "--measure", "level"]
    assert fetch(capsys, *FIRMS, *words, "--to", "sizes.csv")[0] == 0
    place = "European Union - 27 countries (from 2020)"
    sizes = {f"{place}, 250 persons employed or more", f"{place}, From 10 to 49 persons employed"}
    assert {entity for entity, _ in indicators.load("sizes.csv").own} == sizes
    code, said = fetch(capsys, "wb:IT.NET.USER.ZS")
    assert "country: is one of IDN (Indonesia), IND (India), NOR (Norway); pick one, such as" in said


def test_a_value_after_a_break_begins_a_series_and_other_marks_are_told(publishers, capsys):
    text = (ANSWERS / f"{DATA[1:]}.xml").read_text(encoding="utf-8")
    text = text.replace('OBS_VALUE="17.3"', 'OBS_VALUE="17.3" OBS_FLAG="e" CONF_STATUS="C"')
    text = text.replace('OBS_VALUE="7.1"', 'OBS_VALUE="NaN"')
    Publishers.faults |= {f"{DATA}/.GE250....RO": answer(text.encode(), "application/xml")}
    words = ["--where", "geo=Romania", "--where", "size_emp=GE250", "--measure", "level", "--to", "ro.csv"]
    code, said = fetch(capsys, *FIRMS, *words)
    assert code == 0, said
    assert "The publisher marks 2024: break in time series.\n" in said
    assert "The publisher marks 2025: estimated; confidential statistical information." in said
    table = pd.read_csv("ro.csv", dtype=str, keep_default_na=False)
    assert table["break"].tolist() == ["", "break in time series", ""]
    assert "CONF_STATUS" not in table
    series = indicators.fetch("eurostat:isoc_eb_ai", "RO", ["size_emp=GE250"])
    assert series.index.year.tolist() == [2024, 2025]


def test_a_population_is_the_limit_of_people_alone(publishers, capsys):
    words = ["owid:app-users", "--measure", "level", "--limit", "population"]
    code, said = fetch(capsys, *words)
    assert (code, said.splitlines()[-1]) == (0, "adoption run mine -p data app_users.csv --limit-column limit")
    table = pd.read_csv("app_users.csv", dtype=str, keep_default_na=False)
    assert table["limit"].tolist() == ["5408320", "5457127", "5519594", ""]
    data = indicators.load("app_users.csv?limit-column=limit")
    [indicator] = [name for _, name in indicators.list_studied(data)]
    limit = data.series("Norway", indicator, f"{indicator}_limit").limit
    assert limit.values.tolist() == [5408320, 5457127, 5519594]
    code, said = fetch(capsys, *words, "--unit", "million people", "--to", "other.csv")
    assert code == 1
    assert "needs a unit that begins with people, not million people" in said
    code, said = fetch(capsys, *NORWAY, "--measure", "flow", "--limit", "population")
    assert code == 1
    assert not list(Path().glob("electric*"))


def test_in_python_a_series_goes_into_a_forecast(publishers, monkeypatch):
    monkeypatch.delenv("ADOPTION_HOSTS")
    series = indicators.fetch("wb:IT.NET.USER.ZS", "IND", hosts=publishers)
    assert (series.name, series.iloc[-1]) == ("Individuals using the Internet (% of population)", 56.0)
    assert series.index[-1] == pd.Timestamp("2023-12-31")
    assert series.attrs["licence"] == "CC BY-4.0"
    assert series.equals(indicators.fetch("wb:IT.NET.USER.ZS", "India", hosts=publishers))
    future = forecast.forecast(series, 100, horizon_years=2)
    assert future.quantiles.notna().all(axis=None)
    with pytest.raises(DataError, match="matches several"):
        indicators.fetch("owid:electric-car-sales-share", "NOR", ["entity=Germany"], publishers)


# Fetched again


def test_fetching_again_says_what_has_changed_and_keeps_the_old_file(publishers, capsys):
    words = [*NORWAY, "--measure", "flow", "--to", "norway.csv"]
    fetch(capsys, *words)
    old = Path("norway.csv").read_bytes()
    code, said = fetch(capsys, *words)
    assert (code, Path("norway.csv").read_bytes()) == (0, old)
    assert "Nothing has changed since" in said
    path = "/owid/grapher/electric-car-sales-share.csv"
    text = (ANSWERS / path[1:]).read_text(encoding="utf-8")
    revised = {
        "NOR,2023,92": "NOR,2023,90.4",
        "Norway,NOR,2012,3.1\n": "",
        "NOR,2024,92": "NOR,2024,92\nNorway,NOR,2025,96",
    }
    for before, now in revised.items():
        assert before in text
        text = text.replace(before, now)
    Publishers.faults[path] = answer(text.encode(), "text/csv")
    code, said = fetch(capsys, *words)
    day = f"{pd.Timestamp.now():%Y-%m-%d}"
    lines = [line.removeprefix(f"Since {day}: ") for line in said.splitlines() if line.startswith("Since")]
    assert lines == ["Norway 2012 is -, was 3.1.", "Norway 2023 is 90.4, was 92.", "Norway 2025 is 96, was -."]
    [beside] = Path().glob("norway.*.csv")
    assert beside.read_bytes() == old
    assert f"The earlier version is {beside.name}." in said
    Path("mine.csv").write_text("date,value\n2020,1\n", encoding="utf-8")
    for name, figures in (("mine.csv", NORWAY), ("norway.csv", ["owid:app-users"])):
        kept = Path(name).read_bytes()
        code, said = fetch(capsys, *figures, "--measure", "flow", "--to", name)
        assert (code, Path(name).read_bytes()) == (1, kept)
        assert "has values of another series; name another file" in said


# The net


CSV, META = "/owid/grapher/electric-car-sales-share.csv", "/owid/grapher/electric-car-sales-share.metadata.json"
TABLE = (ANSWERS / CSV[1:]).read_bytes()
CHUNK = b"%x\r\n%s\r\n" % (len(TABLE) - 2, TABLE[:-2])  # the last but one of its chunks ends in the last line
FORBIDDEN = b'{"status":403,"error":"This chart contains non-redistributable data that we are not allowed to re-share"}'


DATES = b"entity,code,start_year,end_year,ev_sales_share\nNorway,NOR,2020,2021,5\n"


@pytest.mark.parametrize(
    ("words", "path", "fault", "said", "times"),
    [
        (NORWAY, CSV, answer(b"slow down", "text/plain", 429), "responds with 429: slow down", 3),
        (NORWAY, CSV, answer(FORBIDDEN, status=403), "non-redistributable data that we are not allowed", 1),
        (NORWAY, CSV, answer(b"<html>Welcome</html>", "text/html"), "responds with 200: a web page instead of data", 1),
        (
            NORWAY,
            META,
            answer(b"<html>Welcome</html>"),
            "a response for electric-car-sales-share that cannot be read",
            1,
        ),
        (NORWAY, CSV, answer(b"entity", "text/csv", Content_Length="5000"), "cannot be read (ChunkedEncodingError)", 1),
        (NORWAY, CSV, cut(CHUNK, "Transfer-Encoding: chunked"), "cannot be read (ChunkedEncodingError)", 1),
        (NORWAY, CSV, lambda server: time.sleep(1.5), "does not respond; check your network", 3),
        (NORWAY, CSV, drip(b"HTTP/1.1 200 OK\r\nContent-"), "owid did not send its response within 0.4 seconds", 1),
        (NORWAY, CSV, cut(TABLE[:-2]), "does not give the length of its response", 1),
        (NORWAY, CSV, answer(b"", Content_Encoding="gzip"), "sends its response as gzip, which was not requested", 1),
        (NORWAY, CSV, answer(DATES, "text/csv"), "columns are code, end_year, entity, ev_sales_share, start_year", 1),
        (NORWAY, CSV, answer(b"0" * 110_000, "text/csv"), "sends more than 100,000 bytes", 1),
        (NORWAY, CSV, redirect("https://example.org/x.csv"), "redirects to example.org, which is not allowed", 1),
        (NORWAY, CSV, redirect("http://127.0.0.1:9/x.csv"), "redirects to 127.0.0.1:9, which is not allowed", 1),
        (INDIA, WB, answer(b'[{"pages": 1000000000}, []]'), "1,000,000,000 pages; at most 200 are read", 1),
        (FIRMS, f"{FLOWS}/ISOC_EB_AI/latest", answer(b"<x/>", "application/xml"), "that cannot be read (", 1),
    ],
)
def test_a_fault_of_the_net_is_a_sentence_and_no_data(publishers, capsys, monkeypatch, words, path, fault, said, times):
    monkeypatch.setattr(fetching, "_TIMEOUT", 0.5)
    monkeypatch.setattr(fetching, "_BYTES", 100_000)
    monkeypatch.setattr(fetching, "_TOTAL", 0.4 if "0.4" in said else 120)
    Publishers.faults[path] = fault
    code, text = fetch(capsys, *words, "--measure", "flow")
    assert (code, said in text) == (1, True), text
    assert sum(urlsplit(one).path == path for one in Publishers.asked) == times
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["owid:electric-cars"], "owid has no electric-cars; nearest: electric-car-sales, electric-car-sales-share"),
        (["wb:IT.NET.USER"], "wb has no IT.NET.USER; nearest: IT.NET.USER.ZS"),
        (["eurostat:isoc_eb_ay"], "Eurostat has no isoc_eb_ay; nearest: ISOC_EB_AI"),
        ([*FIRMS, "--where", "geo=RR"], "'geo=RR' is unknown; there is: DE, EU27_2020"),
        ([*FIRMS, "--where", "age=1"], "--where: 'age' is not a column; the columns are freq, geo"),
        ([*FIRMS, "--where", "unit=PC_ENT", "--where", "unit=NR"], "'unit' takes only one code; the columns are freq"),
        (["imf:x"], "SOURCE is one of eurostat, owid, wb"),
        (["owid:../../admin"], "'owid:../../admin' is unknown"),
    ],
)
def test_what_no_publisher_has_is_told_with_what_there_is(publishers, capsys, words, said):
    code, text = fetch(capsys, *words, "--measure", "flow")
    assert code in (1, 2)
    assert said in text
    assert not list(Path().iterdir())


def test_numbers_may_be_texts_but_no_other_text_is_a_figure(publishers, capsys):
    words = [*INDIA, "--unit", "%", "--measure", "level", "--to", "in.csv"]
    rows = json.loads((ANSWERS / f"{WB[1:]}-1.json").read_text(encoding="utf-8"))
    rows[0]["pages"], rows[1][1]["value"] = 1, "56.04"
    Publishers.faults[WB] = answer(json.dumps(rows).encode())
    assert fetch(capsys, *words)[0] == 0
    assert pd.read_csv("in.csv", dtype=str)["value"].iloc[-1] == "56.04"
    rows[1][1]["value"] = "about half"
    Publishers.faults[WB] = answer(json.dumps(rows).encode())
    code, said = fetch(capsys, *words)
    assert code == 1
    assert "'about half' is no number" in said
    place = "wb:IT.NET.USER.ZS", "IND"
    for value, date, said in (
        ("about half", "2023", "a value that is no number: about half of 2023"),
        ("nan", "2023", "a value that is no number: nan of 2023"),
        ("inf", "2023", "a value that is no number: inf of 2023"),
        ("56", "2022", "two values of one date: "),
        ("56", "03/04/2023", "a date that cannot be read in one way: 56 of 03/04/2023"),
    ):
        rows[1][1] |= {"value": value, "date": date}
        Publishers.faults[WB] = answer(json.dumps(rows).encode())
        with pytest.raises(RunError, match=said):
            indicators.fetch(*place)


def test_the_end_of_the_last_line_is_not_asked_for(publishers, capsys):
    """Our World in Data's own answers end without it; a cut answer shows by its length."""
    Publishers.faults[CSV] = answer(TABLE.rstrip(b"\n"), "text/csv")
    assert fetch(capsys, *NORWAY, "--measure", "flow", "--to", "norway.csv")[0] == 0
    assert pd.read_csv("norway.csv", dtype=str)["value"].iloc[-1] == "92"


def test_without_a_network_it_says_so(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(fetching, "_PAUSE", 0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADOPTION_HOSTS", "owid=https://owid.invalid")
    code, said = fetch(capsys, *NORWAY, "--measure", "flow")
    assert code == 1
    assert said.strip() == "owid.invalid does not respond; check your network connection"


def test_a_group_of_countries_has_its_values_and_failed_metadata_cost_none(publishers, capsys):
    text = (ANSWERS / f"{WB[1:]}-1.json").read_text(encoding="utf-8").replace('"pages": 2', '"pages": 1')
    rows = json.loads(text.replace('"IN"', '"XD"').replace('"India"', '"High income"').replace('"IND"', '""'))
    Publishers.faults["/wb/country/HIC/indicator/IT.NET.USER.ZS"] = answer(json.dumps(rows).encode())
    countries = json.loads((ANSWERS / "wb/country.json").read_text(encoding="utf-8"))
    countries[1].append({"id": "HIC", "iso2Code": "XD", "name": "High income"})
    Publishers.faults["/wb/country"] = answer(json.dumps(countries).encode())
    words = ["wb:IT.NET.USER.ZS", "--where", "country=HIC", "--unit", "%", "--measure", "level", "--to"]
    for place, fault in enumerate((b"[]", b'{"source": [', b'[{"message": "none"}]', b"")):
        Publishers.faults["/wb/sources/2/series/IT.NET.USER.ZS/metadata"] = answer(fault)
        code, said = fetch(capsys, *words, f"{place}.csv")
        assert code == 0, said
        assert "Licence: not stated there." in said
    assert pd.read_csv("3.csv", dtype=str)["entity"].unique().tolist() == ["High income"]


def test_a_title_that_would_be_a_formula_is_written_as_text(publishers, capsys):
    meta = json.loads((ANSWERS / META[1:]).read_text(encoding="utf-8"))
    meta["columns"]["ev_sales_share"]["titleShort"] = '=HYPERLINK("https://example.org")'
    Publishers.faults[META] = answer(json.dumps(meta).encode())
    code, said = fetch(capsys, *NORWAY, "--measure", "flow", "--to", "norway.csv")
    assert code == 0, said
    assert pd.read_csv("norway.csv")["title"].str.startswith("'=").all()


def test_a_redirect_on_the_same_host_is_followed(publishers, capsys):
    Publishers.faults["/owid/grapher/old-name.csv"] = redirect(CSV)
    Publishers.faults["/owid/grapher/old-name.metadata.json"] = redirect(META)
    assert fetch(capsys, "owid:old-name", "--where", "entity=NOR", "--measure", "flow")[0] == 0


@pytest.mark.parametrize("address", ["http://ourworldindata.org", "http://127.0.0.1.example.org", "file:///etc/passwd"])
def test_no_address_without_encryption_is_asked_but_ones_own(publishers, address):
    with pytest.raises(RunError, match="is not an https address"):
        indicators.fetch("owid:electric-car-sales-share", "Norway", hosts={"owid": address})


def test_without_the_extra_the_command_says_what_to_install(publishers, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sdmx", None)
    code, said = fetch(capsys, *FIRMS)
    assert code == 2
    assert said.startswith("adoption fetch needs sdmx, which is not installed: pip install 'adoption-curves[fetch]'")


def test_a_run_imports_nothing_of_it():
    rooms = "cli, curves, forecast, indicators, runs, say, show"
    program = f"import sys\nfrom adoption_curves import {rooms}\nfrom adoption_curves.runs import runner, preload\n"
    program += "print(*sorted({'sdmx', 'lxml', 'urllib3', 'requests'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "sdmx" not in done.stdout
    assert "lxml" not in done.stdout


@pytest.mark.slow
@pytest.mark.network
def test_the_publishers_themselves(tmp_path, monkeypatch):
    """Off by default: python -m pytest -m network -n 0 tests/indicators/test_fetch.py."""
    monkeypatch.chdir(tmp_path)
    size = ["freq=A", "size_emp=GE250", "nace_r2=C10-S951_X_K", "indic_is=E_AI_TANY", "unit=PC_ENT"]
    for name, place, where in (
        ("owid:electric-car-sales-share", "NOR", []),
        ("wb:IT.NET.USER.ZS", "IND", []),
        ("eurostat:isoc_eb_ai", "EU27_2020", size),
    ):
        series = indicators.fetch(name, place, where)
        assert len(series) >= 2, name
        assert series.attrs["address"].startswith("https://"), name
