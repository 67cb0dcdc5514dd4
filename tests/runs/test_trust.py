"""What an attacker, a full machine or a damaged file may not do: the cases of docs/runs.md."""

import base64
import contextlib
import io
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest
from conftest import WORDS, assert_equal
from processes import call, list_tree_processes, run, start
from small_notebooks import ALL, write_notebooks

from adoption_curves.base.files import hash_file
from adoption_curves.base.project import PROJECT_MARK, RunError, find_root, refuse_planted
from adoption_curves.cli.process import PlainStream
from adoption_curves.runs.parameters import ParameterError, read_parameters
from adoption_curves.runs.record import read_run
from adoption_curves.runs.steps import _FOLDER, is_whole

SLOW = pytest.mark.slow

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
ESCAPE = "\x1b]0;owned\x07\x1b[31m"


@pytest.fixture
def made(here, small_run):
    """The project with a run, made whole, and its store; the commands stand in it."""
    shutil.copytree(small_run.parent, here / "outputs")
    return here / "outputs" / "small"


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def list_tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# ---- others on the machine


needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files to another user")


def give_away(path):
    """Give a file to another user, in a folder where everyone may write."""
    os.chown(path, 12345, 12345)
    path.parent.chmod(0o1777)


@needs_root
@pytest.mark.parametrize("planted", ["small", ".store", ".small.making"])
def test_what_another_user_planted_in_an_open_folder_is_refused(here, capsys, planted):
    (here / "outputs" / planted).mkdir(parents=True)
    give_away(here / "outputs" / planted)
    code, _, err = call(capsys, "run", "small")
    assert (code, len(err.splitlines())) == (1, 1)
    assert f"{planted} is another user's, in a folder where everyone may write." in err


@needs_root
def test_a_project_that_another_user_planted_above_is_not_run(place, monkeypatch):
    mine = place / "mine"
    mine.mkdir()
    monkeypatch.chdir(mine)
    assert find_root() == place
    give_away(place / PROJECT_MARK)
    with pytest.raises(RunError, match="is another user's"):
        find_root()
    refuse_planted(place / "data")  # ours


def test_names_in_a_strangers_record_lead_out_of_no_folder(made, capsys, tmp_path):
    target, record = tmp_path / "precious.csv", made / "run.json"
    target.write_text("mine")
    whole = record.read_text()
    call(capsys, "export", "small", "--xlsx")
    before = list_tree(tmp_path)
    tables = json.loads(whole)["notebooks"]["01_check_small"]["tables"]
    for change_it in (
        lambda one: one["notebooks"]["01_check_small"].update(tables={"../../../../precious": tables["01_coverage"]}),
        lambda one: one["pages"].update({"../../../../precious.csv": "0" * 64}),
        lambda one: one.update(exports={"../../../precious.csv": "0" * 64}),
    ):
        content = json.loads(whole)
        change_it(content)
        record.write_text(json.dumps(content))
        code, out, _ = call(capsys, "verify", "small")
        assert (code, "precious.csv: a link out of the folder" in out) == (1, True)
        for words in (["export", "small", "--xlsx"], ["export", "small"]):
            call(capsys, *words)
        assert target.read_text() == "mine"
        assert list_tree(tmp_path) == before


def test_a_result_in_the_store_leads_out_of_no_folder(made, tmp_path):
    entry = made.parent / _FOLDER / read_run(made).notebooks["01_check_small"].key
    assert is_whole(entry)
    change(entry / "notebooks" / "01_check_small.json", tables={"../../precious": {"sha256": "0" * 64}})
    assert not is_whole(entry)


def test_a_record_registers_into_no_folder_that_is_no_data(made, capsys, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    content = json.loads((made / "run.json").read_text())
    change(made / "run.json", parameters=content["parameters"] | {"data": str(tmp_path / "elsewhere")})
    call(capsys, "register", "small")
    assert list_tree(tmp_path / "elsewhere") == []


def test_no_page_tells_where_own_data_lie(here, capsys, tmp_path):
    secret = tmp_path / "ann's & <secret> home"
    secret.mkdir()
    (secret / "heat & pumps.csv").write_text("date,value\n2020,8\n2021,15.5\n2022,27\n2023,39\n2024,48.2\n")
    path = secret / "heat & pumps.csv"
    code, _, err = call(capsys, "run", "mine", "-p", "data", str(path), "--unit", "% of homes")
    assert code == 0, err
    folder = here / "outputs" / "mine"
    assert json.loads((folder / "run.json").read_text())["parameters"]["data"].startswith(str(path))
    for page in (folder / "html").rglob("*.html"):
        text = page.read_text()
        assert "secret" not in text, page
        assert str(tmp_path) not in text, page
    assert "heat &amp; pumps.csv" in (folder / "html" / "made.html").read_text()
    assert call(capsys, "verify", "mine")[0] == 0
    assert call(capsys, "export", "mine")[0] == 0
    text = (folder / "html" / "index.html").read_text()
    parts = [base64.b64decode(part).decode() for part in re.findall(r"data:text/[^,]*,([\w+/=]+)", text)]
    assert len(parts) >= 3
    assert not any("secret" in part for part in [text, *parts])


BROKEN = ("tables/01_coverage.csv", "figures/01_series.png", "notebooks/01_check_small.ipynb")


@pytest.mark.parametrize("path", BROKEN)
def test_no_page_is_made_of_files_that_are_not_the_run_s(made, capsys, tmp_path, path):
    whole = (made / path).read_bytes()
    (tmp_path / "precious").write_text("precious")
    for spoil in (
        lambda place: place.write_bytes(b""),
        lambda place: place.write_bytes(whole[:20]),
        lambda place: place.mkdir(),
        os.mkfifo,
        lambda place: place.symlink_to("/dev/zero"),
        lambda place: place.symlink_to(tmp_path / "precious"),
        lambda place: None,
    ):
        shutil.rmtree(made / path) if (made / path).is_dir() else (made / path).unlink(missing_ok=True)
        spoil(made / path)
        for option in ([],):
            code, _, err = call(capsys, "export", "small", *option)
            assert (code, err) == (1, f"{path} of run 'small' is missing or was changed. Make the run again.\n")


# ---- the terminal


def test_a_stream_writes_what_steers_a_terminal_as_codes():
    stream = io.StringIO()
    print(f"a {ESCAPE} b\tc\n\u202eevil é 中 \u200c \r", file=PlainStream(stream))
    assert stream.getvalue() == "a \\x1b]0;owned\\x07\\x1b[31m b\tc\n\\u202eevil é 中 \u200c \\r\n"


def test_no_escape_sequence_reaches_the_terminal(made, capsys, tmp_path):
    own = tmp_path / f"x{ESCAPE}.csv".replace("/", "")
    own.write_text(f"date,value,{ESCAPE}\n2020,{ESCAPE}\n")
    notebook = {**ALL, "01_check_small": [*ALL["01_check_small"], f"raise ValueError({ESCAPE!r})"]}
    record = json.loads((made / "run.json").read_text())
    record["versions"][ESCAPE], record["helpers"][ESCAPE] = ESCAPE, ESCAPE
    record["parameters"]["entity"] = f"China{ESCAPE[-1]}"
    (made / "run.json").write_text(json.dumps({**record, "parameters": record["parameters"] | {"entity": "China"}}))
    (made / f"tables/{ESCAPE.replace('/', '')}").write_text("")
    said = []
    for words in (
        ["verify", "small"],
        ["check", str(own)],
        ["run", "small", "-p", "entity", ESCAPE],
        ["run", "small", "-f", ESCAPE],
        ["run", ESCAPE],
        [ESCAPE],
        ["list", "--data", ESCAPE],
        ["export", f"{ESCAPE}.ipynb"],
        ["compare", ESCAPE, "b"],
    ):
        _, out, err = call(capsys, *words)
        said.append(out + err)
        assert not {mark for mark in out + err if ord(mark) < 32 or 127 <= ord(mark) < 160} - {"\n", "\t"}, words
    assert "\\x1b" in "".join(said)
    write_notebooks(made.parents[1] / "notebooks", notebook)
    code, out, err = call(capsys, "run", "other")
    assert code == 1
    assert "\\x1b]0;owned\\x07" in err
    assert "\x1b" not in out + err


# ---- a sentence instead of a traceback


KEYS = ("run", "made", "subject", "main_figure", "parameters", "notebooks", "data", "helpers", "versions", "sources")
KEYS += ("git", "pages", "exports", "citation", "pdf")
TEXTS = ("", " ", "{", "[]", "null", "5", "NaN", '"text"', "\udcff", "[" * 100_000, '{"run": ' + "9" * 5000 + "}")
TEXTS += ('{"run": "\\ud800"}',)


def spoil_records(content):
    """A record's bytes, damaged in each way."""
    yield from (text.encode(errors="surrogateescape") for text in TEXTS)
    for key in KEYS:
        lost = {name: value for name, value in content.items() if name != key}
        yield from (json.dumps(each).encode() for each in (lost, {**content, key: [5]}))


def test_a_damaged_record_says_make_the_run_again(made, capsys):
    said = "The record of run 'small', run.json, is damaged. Make the run again.\n"
    path = made / "run.json"
    for spoilt in spoil_records(json.loads(path.read_text())):
        path.write_bytes(spoilt)
        for command in ("export", "verify"):
            code, _, err = call(capsys, command, "small")
            assert (code, err) == (1, said), spoilt
        assert "is damaged" in call(capsys, "runs")[1], spoilt


CELLS = ("[5]", "5", '[{"cell_type": "markdown"}]', '[{"cell_type": "code", "source": "x", "metadata": {"tags": 5}}]')
CELLS += tuple(
    json.dumps([{"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]}}])
    for source in ("run = = 1", "run = name", "%time run = 1")
)
NOTEBOOKS = ("", "{}", "[]", "[" * 100_000, *(f'{{"cells": {cells}, "nbformat": 4}}' for cells in CELLS))


def test_a_notebook_that_is_none_is_told(made, capsys):
    path = made.parents[1] / "notebooks" / "01_check_small.ipynb"
    for content in NOTEBOOKS:
        path.write_text(content)
        for words in (["run", "small"], ["run", "small", "--dry-run"], ["verify", "small"], ["params"]):
            code, out, err = call(capsys, *words)  # `verify` tells that it is another one
            assert (code, "01_check_small" in out + err, len(err.splitlines()) <= 1) == (1, True, True), content
        _, out, err = call(capsys, "export", str(path))
        assert len((out + err).splitlines()) == 1, content


def test_a_library_s_warning_is_not_for_the_terminal(place):
    spoil = "from adoption_curves.runs import record\nimport warnings\n"
    spoil += "record.list_runs = lambda _: warnings.warn('raw') or []"
    code, out, err = run(place, "runs", before=spoil)
    assert (code, err) == (0, "")
    assert out.startswith("No run yet")


def change_texts(made, text):
    """Put a text wherever a record, a notebook or a table of the run may hold one; all hashes agree."""
    record = json.loads((made / "run.json").read_text())
    record["subject"] = dict.fromkeys(record["subject"], text)
    record["sources"] = [{**source, "title": text, "publisher": text} for source in record["sources"]]
    for name, entry in record["notebooks"].items():
        notebook, part = (made / "notebooks" / f"{name}{kind}" for kind in (".ipynb", ".json"))
        content = json.loads(notebook.read_text())
        content["cells"][0]["source"] = f"# {text}\n\n{text}"
        notebook.write_text(json.dumps(content))
        entry["executed"] = hash_file(notebook)
        for figure in entry["figures"].values():
            figure["alt"] = text
        part.write_text(json.dumps({key: value for key, value in entry.items() if key != "source"}))
    (made / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize("text", ["title " * 20_000, "half of a \ud800 pair"], ids=["long", "half"])
def test_texts_of_a_strangers_run_are_short_and_whole_where_they_are_shown(made, capsys, text):
    change_texts(made, text)
    for words in (["export", "small"], ["export", "small", "--xlsx"], ["runs"]):
        assert call(capsys, *words)[::2] == (0, ""), words
    page = (made / "html" / "index.html").read_text()
    assert len(page) < 1_000_000
    assert "\N{REPLACEMENT CHARACTER}" in page or "title..." in page or "title title" in page


def test_outputs_that_are_a_file_are_told(here, capsys):
    (here / "outputs").write_text("mine")
    (here / "grid.yaml").write_text("grid: {horizon_years: [3, 5]}\n")
    for words in (["run", "small"], ["sweep", "grid.yaml"], ["gc"], ["open", "05", "--prepare-only"]):
        code, _, err = call(capsys, *words)
        assert code in (0, 1)
        assert len(err.replace("Checking the sets of parameters.\n", "").splitlines()) <= 1, err
    assert (here / "outputs").read_text() == "mine"


# ---- leftovers


def list_listening(pid):
    """The TCP sockets on which a process or one below it waits for others."""
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    waiting = {f"socket:[{words[9]}]" for table in tables for words in map(str.split, table) if words[3] == "0A"}
    handles = [path for each in list_tree_processes(pid) for path in Path(f"/proc/{each}/fd").glob("*")]
    found = set()
    for path in handles:
        with contextlib.suppress(OSError):
            found.add(str(path.readlink()))
    return found & waiting


@SLOW
@LINUX
@pytest.mark.parametrize("options", [[], ["--isolated"]])
def test_a_run_listens_on_no_port_and_closed_standard_streams_get_no_file_of_it(place, reference, options):
    closed = "import os\nos.closerange(0, 3)\nsys.stdin = sys.stdout = sys.stderr = None"
    process, found, seen = start(place, *WORDS, *options, before=closed), set(), set()
    while process.poll() is None:
        found |= list_listening(process.pid)
        seen |= set(list_tree_processes(process.pid))
        time.sleep(0.05)
    process.communicate()
    assert process.returncode == 0
    assert len(seen) > 3, "kernels among them"
    assert not found
    assert_equal(place / "outputs" / "small", reference)


# ---- what was read is what is recorded


CHANGE = """from pathlib import Path
from adoption_curves.base.project import find_data
from adoption_curves.indicators import load
folder = find_data(data)
table = Path(folder) / "observations.csv"
kept = table.read_bytes()
table.write_bytes(kept.replace(b"602", b"702"))
wrong = load(folder, as_of=as_of).series(entity, indicator).values
table.write_bytes(kept)"""


# ---- odd values


@pytest.mark.parametrize("value", [0.9999999999999999, 1e-17, 0.9995, 0.0005])
def test_levels_and_shares_that_nobody_can_tell_from_0_or_1_are_refused(value):
    for name in ("levels", "shares"):
        with pytest.raises(ParameterError, match=r"none within 0\.001 of either"):
            read_parameters({name: [value]})
    assert read_parameters({"levels": [0.001, 0.999]}).levels == [0.001, 0.999]
