"""What an attacker, a full machine or a damaged file may not do: the cases of docs/SECURITY.md."""

import base64
import contextlib
import http.server
import io
import itertools
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SAMPLE, WORDS, assert_equal, examples, further
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import call, list_tree_processes, run, start
from small_notebooks import ALL, write_notebooks

from helpers import indicators
from helpers.base.files import hash_file, write_file
from helpers.base.folders import claim_folder
from helpers.base.project import MARK, RunError, find_root, refuse_planted
from helpers.base.quoting import MAX_CHARACTERS, PlainStream, clean
from helpers.runs.notebook import read_valid
from helpers.runs.parameters import ParameterError, read_parameters
from helpers.runs.record import load_record
from helpers.runs.runner import FOLDER, is_whole

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
@pytest.mark.parametrize("planted", ["small", ".store", ".small.ready"])
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
    give_away(place / MARK)
    with pytest.raises(RunError, match="is another user's"):
        find_root()
    refuse_planted(place / "data")  # ours


@pytest.mark.parametrize("options", [[], further(["--isolated"])])
def test_files_about_change_nothing_of_a_run(place, reference, tmp_path, options):
    home = tmp_path / "home"
    (home / ".ipython" / "profile_default" / "startup").mkdir(parents=True)
    spoil = "import sys\nsys.stdout.write('owned')\nimport pandas\npandas.DataFrame.to_csv = None\n"
    (home / ".ipython" / "profile_default" / "startup" / "00.py").write_text(spoil)
    (home / ".ipython" / "profile_default" / "ipython_config.py").write_text(
        "c.InteractiveShell.ast_node_interactivity = 'all'\n"
    )
    (home / "startup.py").write_text(spoil)
    for folder in (place, place / "elsewhere"):
        folder.mkdir(exist_ok=True)
        for name in ("signal.py", "numpy.py", "pandas.py"):
            (folder / name).write_text("raise SystemExit('owned')")
        for name in ("cells.html.j2", "display_priority.j2", "frame.html.j2", "sheet.html.j2"):
            (folder / name).write_text("owned")
    (place / "elsewhere" / "matplotlibrc").write_text("axes.facecolor: red\nfont.size: 30\n")
    code, out, err = run(
        place / "elsewhere", *WORDS, "--force", *options,
        HOME=str(home), PYTHONSTARTUP=str(home / "startup.py"), ADOPTION_OUTPUTS=str(place / "outputs"),
    )  # fmt: skip
    assert (code, err) == (0, ""), out
    assert_equal(place / "outputs" / "small", reference)


def test_names_in_a_strangers_record_lead_out_of_no_folder(made, capsys, tmp_path):
    target, record = tmp_path / "precious.csv", made / "run.json"
    target.write_text("mine")
    whole = record.read_text()
    tables = json.loads(whole)["notebooks"]["01_check_small"]["tables"]
    for name in ("../../../precious", "/precious", "..\\precious", ".hidden", "a/b"):
        content = json.loads(whole)
        content["notebooks"]["01_check_small"]["tables"] = {name: tables["01_coverage"]}
        record.write_text(json.dumps(content))
        for words in (["export", "small", "--xlsx"], ["export", "small"], ["rm", "small"], ["verify", "small"]):
            code, _, err = call(capsys, *words)
            assert code == 1
            assert "can't be used" in err
    for change_it in (
        lambda one: one.update(made="../../../../precious"),
        lambda one: one["pages"].update({"../../precious.csv": "0" * 64}),
        lambda one: one.update(exports={"../precious.csv": "0" * 64}),
        lambda one: one["notebooks"]["01_check_small"].update(key="../../.."),
    ):
        content = json.loads(whole)
        change_it(content)
        record.write_text(json.dumps(content))
        with pytest.raises(ValueError, match="RunRecord"):
            load_record(record)
    assert target.read_text() == "mine"
    part = made / "notebooks" / "01_check_small.json"
    change(part, figures={"../../../precious": {"alt": "x", "width": 1, "sha256": {"png": "0" * 64}}})
    assert read_valid(made, "01_check_small") is None


def test_a_result_in_the_store_leads_out_of_no_folder(made, tmp_path):
    entry = made.parent / FOLDER / load_record(made / "run.json")["notebooks"]["01_check_small"]["key"]
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
    assert "heat &amp; pumps.csv" in (folder / "html" / "index.html").read_text()
    assert call(capsys, "verify", "mine")[0] == 0
    assert call(capsys, "export", "mine", "--single")[0] == 0
    assert "secret" not in (folder / "html" / "index.html").read_text()
    text = (folder / "mine.html").read_text()
    parts = [base64.b64decode(part).decode() for part in re.findall(r"data:text/[^,]*,([\w+/=]+)", text)]
    assert len(parts) >= 5
    assert not any("secret" in part for part in [text, *parts])


def test_a_page_to_send_takes_in_no_file_but_the_run_s(made, capsys, tmp_path):
    (tmp_path / "precious.csv").write_text("precious")
    (made / "tables" / "precious.csv").symlink_to(tmp_path / "precious.csv")
    record, path = json.loads((made / "run.json").read_text()), made / "notebooks" / "01_check_small.ipynb"
    notebook = json.loads(path.read_text())
    links = ("../../../../precious.csv", "../tables/precious.csv", "../../../etc/hostname", "../nothing", "../tables")
    notebook["cells"][0]["source"] += "".join(f"\n\n[link]({link})" for link in links)
    path.write_text(json.dumps(notebook))
    part = path.with_suffix(".json")
    change(part, executed=hash_file(path))
    record["notebooks"]["01_check_small"]["executed"] = hash_file(path)
    (made / "run.json").write_text(json.dumps(record))
    assert call(capsys, "export", "small", "--single")[0] == 0
    text = (made / "small.html").read_text()
    assert text.count("link") > len(links)
    assert not any(f'href="{link}' in text for link in links)
    assert base64.b64encode(b"precious").decode() not in text


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
        for option in ([], ["--single"]):
            code, _, err = call(capsys, "export", "small", *option)
            assert (code, err) == (1, f"{path} of run 'small' is missing or was changed. Make the run again.\n")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("figures/01_series.png", b"no image"),
        ("notebooks/01_check_small.ipynb", b"{}"),
        ("notebooks/01_check_small.ipynb", b'{"cells": ' + b"[" * 100_000),
        ("tables/06_key_numbers.csv", b"a\n1\n"),
    ],
)
def test_a_strangers_run_of_odd_files_with_right_hashes_is_told(made, capsys, path, content):
    before = hash_file(made / path)
    (made / path).write_bytes(content)
    for record in (made / "run.json", *made.glob("notebooks/*.json")):
        record.write_text(record.read_text().replace(before, hash_file(made / path)))
    for words in (["export", "small"], ["export", "small", "--single"], ["compare", "small", "small/"]):
        code, _, err = call(capsys, *words)
        assert code in (1, 2)
        assert len(err.splitlines()) == 1
    assert call(capsys, "rm", "small")[0] == 0


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
        ["run", "small", "--only", ESCAPE],
        ["run", "small", "--from", ESCAPE],
        ["run", "small", "-p", "entity", ESCAPE],
        ["run", "small", "-f", ESCAPE],
        ["run", ESCAPE],
        [ESCAPE],
        ["list", "--data", ESCAPE],
        ["rm", "small"],
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


# ---- no end


def test_pipes_and_devices_are_no_files(made, capsys, tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    folder = shutil.copytree(SAMPLE, tmp_path / "folder")
    (folder / "observations.csv").unlink()
    os.mkfifo(folder / "observations.csv")
    other = shutil.copytree(SAMPLE, tmp_path / "other")
    for part in ("hub-config", "model-output/a-b"):
        (other / "forecasts" / part).mkdir(parents=True)
    (other / "forecasts/hub-config/tasks.json").write_text('{"rounds": []}')
    os.mkfifo(other / "forecasts/model-output/a-b/2026-01-01-a-b.csv")
    for path in (pipe, folder, other, "/dev/zero"):
        assert call(capsys, "check", str(path))[0] == 1
    own = tmp_path / "own.ipynb"
    for plant in (os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.mkdir):
        plant(own)
        code, _, err = call(capsys, "export", str(own))
        assert (code, len(err.splitlines())) == (2, 1)
        own.rmdir() if own.is_dir() else own.unlink()
    os.mkfifo(made / "small.html")
    assert "was left as it is" in call(capsys, "export", "small", "--single")[2]
    assert call(capsys, "run", "small", "-f", "/dev/zero")[0] == 2
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    assert call(capsys, "sweep", str(tmp_path / "zero.yaml"))[0] == 2
    (made / "run.json").unlink()
    os.mkfifo(made / "run.json")
    for words in (["verify", "small"], ["rm", "small"], ["export", "small"]):
        assert call(capsys, *words)[0] == 1
    (made / "run.json").unlink()
    (made / "run.json").symlink_to("/dev/zero")
    assert call(capsys, "verify", "small")[0] == 1
    assert call(capsys, "runs")[1].count("its record can't be read") == 1


def test_many_columns_names_and_bytes_end_soon(capsys, tmp_path):
    began = time.monotonic()
    wide = tmp_path / "wide.csv"
    wide.write_text("date," + ",".join(f"c{n}" for n in range(100_000)) + "\n2020" + ",1" * 100_000 + "\n")
    assert call(capsys, "check", str(wide))[0] == 1
    assert time.monotonic() - began < 20
    with pytest.raises(ParameterError) as caught:
        read_parameters({f"indicatr{number}": 1 for number in range(100_000)})
    assert len(str(caught.value).splitlines()) == 21
    assert str(caught.value).endswith("and 99,980 more unknown parameters")
    large = tmp_path / "large.yaml"
    large.write_text("horizon_years: 3\n" * 1_200_000)
    code, _, err = call(capsys, "run", "x", "-f", str(large))
    assert code == 2
    assert "the file is larger than parameters can be" in err
    assert time.monotonic() - began < 30


# ---- a sentence instead of a traceback


KEYS = ("run", "made", "subject", "main_figure", "parameters", "notebooks", "data", "helpers", "versions", "sources")
KEYS += ("git", "pages")
TEXTS = ("", " ", "{", "[]", "null", "5", "NaN", '"text"', "\udcff", "[" * 100_000, '{"run": ' + "9" * 5000 + "}")
TEXTS += ('{"run": "\\ud800"}',)
DAMAGES = [("text", text) for text in TEXTS] + [("lost", key) for key in KEYS]
DAMAGES += [("odd", key) for key in KEYS] + [("list", key) for key in KEYS if key != "sources"]
COMMANDS = (
    ["verify", "small"], ["runs"], ["runs", "--json"], ["export", "small"], ["export", "small", "--xlsx"],
    ["compare", "small", "other"], ["register", "small"], ["gc"],
    ["run", "small", "--dry-run"], ["open", "05", "--prepare-only"], ["rm", "small"],
)  # fmt: skip


def damage(path, kind, what):
    content = json.loads(path.read_text())
    if kind == "lost":
        del content[what]
    elif kind in ("odd", "list"):
        content[what] = 5 if kind == "odd" else [[None]]
    path.write_bytes(what.encode(errors="surrogateescape") if kind == "text" else json.dumps(content).encode())


@pytest.mark.parametrize(
    ("kind", "what"),
    [damage if number % 4 == 0 else further(*damage) for number, damage in enumerate(DAMAGES)],
    ids=[f"{kind} {what[:12]!r}" for kind, what in DAMAGES],
)
def test_a_damaged_record_is_told_by_every_command(made, capsys, kind, what):
    damage(made / "run.json", kind, what)
    shutil.copytree(made, made.with_name("other"))
    for words in COMMANDS:
        code, _, err = call(capsys, *words)  # anything but a sentence would be raised here
        expected = 0 if words[0] in ("runs", "gc", "run", "open") else 1
        assert code == expected, (words, err)
        assert len(err.splitlines()) <= 1, (words, err)
    assert list_tree(made.parent).count("small/tables/01_coverage.csv") == 1


@pytest.mark.parametrize(("kind", "what"), [("lost", "pages"), further("text", ""), further("odd", "notebooks")])
def test_a_run_with_a_damaged_record_is_made_again(made, capsys, reference, kind, what):
    damage(made / "run.json", kind, what)
    assert call(capsys, *WORDS)[0] == 0
    assert_equal(made, reference)


CELLS = ("[5]", "5", '[{"cell_type": "markdown"}]', '[{"cell_type": "code", "source": "x", "metadata": {"tags": 5}}]')
CELLS += tuple(
    json.dumps([{"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]}}])
    for source in ("run = = 1", "run = name", "%time run = 1")
)
NOTEBOOKS = ("", "{}", "[]", "[" * 100_000, *(f'{{"cells": {cells}, "nbformat": 4}}' for cells in CELLS))


@pytest.mark.parametrize("content", NOTEBOOKS, ids=[text[:60] for text in NOTEBOOKS])
def test_a_notebook_that_is_none_is_told(made, capsys, content):
    path = made.parents[1] / "notebooks" / "01_check_small.ipynb"
    path.write_text(content)
    for words in (["run", "small"], ["run", "small", "--dry-run"], ["verify", "small"], ["params"]):
        code, out, err = call(capsys, *words)  # `verify` tells that it is another one
        assert code == 1
        assert "01_check_small" in out + err
        assert len(err.splitlines()) <= 1
    code, out, err = call(capsys, "export", str(path))
    assert len((out + err).splitlines()) == 1


def test_numbers_of_5000_digits_are_refused(made, capsys, tmp_path):
    number, own = "9" * 5000, tmp_path / "own.csv"
    for words in (["-p", "horizon_years", number], ["-p", "bound", number], ["-y", f"shares: [{number}]"]):
        code, _, err = call(capsys, "run", "x", *words)
        assert code == 2
        assert len(err) < 1000
    own.write_text(f"date,value\n2020,{number}\n2021,5\n")
    assert call(capsys, "check", str(own))[0] == 1
    (tmp_path / "grid.yaml").write_text(f"grid: {{horizon_years: [{number}]}}")
    assert call(capsys, "sweep", str(tmp_path / "grid.yaml"))[0] == 2


@pytest.mark.parametrize("zeros", ["7", "0" * 4999 + "5", "9" * 5000, "٣" * 5000])
def test_a_notebook_s_number_is_never_too_long(made, capsys, zeros):
    for words in (
        ["open", zeros, "--prepare-only"],
        ["run", "small", "--only", zeros],
        ["run", "small", "--from", zeros],
    ):
        code, _, err = call(capsys, *words)
        assert code == 0 if words[0] == "open" and zeros.endswith("5") else code in (1, 2), words
        assert len(err) < 1000


GONE = "The folder that you stand in is gone. Go to one that is there, and try again.\n"


@pytest.mark.parametrize("words", [
    ["run"], ["run", "small", "--dry-run"], ["open", "05", "--prepare-only"], ["export", "small"],
    ["export", "x.ipynb"], ["compare", "a", "b"], ["verify", "small"], ["gc"], ["sweep", "grid.yaml"], ["list"],
    ["runs"], ["rm", "small"], ["register", "small"], ["register", "--series", "x.csv"], ["score"], ["new", "mine"],
    ["params"], ["check"], ["check", "x.csv"],
], ids=" ".join)  # fmt: skip
def test_a_working_directory_that_is_gone_is_told(tmp_path, monkeypatch, capsys, words):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert call(capsys, *words) == (1, "", GONE)


def test_options_that_contradict_each_other_are_refused(made, capsys):
    options = {"--force": [], "--only": ["01"], "--from": ["05"]}
    for first, second in itertools.combinations(options, 2):
        code, out, err = call(capsys, "run", "small", second, *options[second], first, *options[first])
        assert (code, out) == (2, "")
        assert f"{first} and {second} contradict each other; give one of them" in err


def test_what_is_not_there_can_not_run_again(made, capsys):
    for option in (["--only", "01"], ["--from", "05"], ["--only", "01", "--dry-run"]):
        code, out, err = call(capsys, "run", "other", *option)
        assert (code, out) == (2, "")
        assert err.startswith("There is no run 'other' with a record")
    assert not (made.parent / "other").exists()


def test_a_library_s_warning_is_not_for_the_terminal(place):
    spoil = (
        "from helpers.runs import listing\nimport warnings\nlisting.list_runs = lambda _: warnings.warn('raw') or []"
    )
    code, out, err = run(place, "runs", before=spoil)
    assert (code, err) == (0, "")
    assert out.startswith("No run yet")


JSON = st.recursive(
    st.none() | st.floats() | st.text(st.characters(), max_size=20) | st.just("x" * 10_000),
    lambda part: st.lists(part) | st.dictionaries(st.text(st.characters()), part),
)


@given(JSON)
@settings(max_examples=examples(200))
def test_no_text_of_a_record_is_long_or_half(content):
    for text in re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(clean(content), ensure_ascii=False)):
        assert len(text.encode()) <= 4 * (MAX_CHARACTERS + 3)


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
    for words in (["export", "small", "--single"], ["export", "small", "--zip"], ["runs"]):
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
        assert len(err.splitlines()) <= 1, err
    assert (here / "outputs").read_text() == "mine"


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


def test_a_terminal_that_knows_only_ascii_gets_codes(made, place, tmp_path):
    own = tmp_path / "中.csv"
    own.write_text("Jahr,Wörter\n2020,1\n2021,é\n", encoding="utf-8")
    code, _, err = run(place, "list", **ASCII)
    assert (code, err) == (0, "")
    code, out, err = run(place, "check", str(own), **ASCII)
    assert code == 1
    assert "\\xf6" in out + err


@pytest.fixture
def limit():
    """Set a soft limit of this process; it is as before afterwards."""
    kept = {}

    def set_limit(kind, number):
        kept[kind] = resource.getrlimit(kind)
        resource.setrlimit(kind, (number, kept[kind][1]))

    yield set_limit
    for kind, limits in kept.items():
        resource.setrlimit(kind, limits)


@LINUX
@pytest.mark.parametrize(
    ("number", "words"),
    [(64, ["run", "small"]), further(24, ["run", "small", "--isolated"]), further(24, ["sweep", "grid.yaml"])],
)
def test_too_few_open_files_are_told_before_anything_starts(here, capsys, limit, number, words):
    (here / "grid.yaml").write_text("grid: {horizon_years: [3, 5]}\n")
    limit(resource.RLIMIT_NOFILE, number)
    code, out, err = call(capsys, *words)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith(f"The system grants this process {number} open files")
    assert not (here / "outputs" / "small").exists()


@LINUX
@pytest.mark.parametrize("options", [[], further(["--isolated"])])
def test_too_little_memory_is_told_before_anything_starts(place, options):
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (700_000_000, 700_000_000))"
    code, _, err = run(place, "run", "small", *options, before=limit)
    assert (code, len(err.splitlines())) == (1, 1)
    assert err.startswith("The system grants this process 700,000,000")
    assert not (place / "outputs" / "small").exists()


@LINUX
def test_a_limit_to_the_size_of_files_is_told(here, capsys, limit):
    limit(resource.RLIMIT_FSIZE, 41_000)  # figures are smaller, pages larger
    code, _, err = call(capsys, *WORDS)
    assert code == 1
    assert err.startswith("File too large")
    assert err.endswith("Nothing of the last complete run was changed.\n")
    assert [path.name for path in (here / "outputs").iterdir()] == [".store"]


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        ("threading.Thread.start", RuntimeError("can't start new thread"), "can't start new thread"),
        ("helpers.runs.runner.check_parameters", MemoryError(), "Out of memory"),
    ],
)
def test_too_few_threads_and_no_memory_are_told(here, capsys, monkeypatch, target, error, words):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(target, refuse)
    code, _, err = call(capsys, "run", "small", "--isolated")
    assert (code, err) == (1, f"{words}. Nothing of the last complete run was changed.\n")


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


@LINUX
def test_a_listening_port_would_be_noticed():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler):
        assert list_listening(os.getpid())


@LINUX
@pytest.mark.parametrize("options", [[], further(["--isolated"])])
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


def test_a_folder_in_use_is_no_leftover(tmp_path):
    with claim_folder(tmp_path, "x-") as first:
        (first / "work").write_text("")
        with claim_folder(tmp_path, "x-") as second:
            assert first.exists()
            assert second != first
        assert (first / "work").exists()
    assert list(tmp_path.iterdir()) == []


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("umask", [0o077, 0o002])
def test_the_users_umask_holds(place, umask):
    code, _, err = run(place, "run", "small", before=f"import os\nos.umask({umask})")
    assert code == 0, err
    for path in (place / "outputs").rglob("*"):
        expected = (0o777 if path.is_dir() else 0o666) & ~umask
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_a_file_is_replaced_whole_under_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert list_tree(tmp_path) == ["a"]


@LINUX
@pytest.mark.slow
def test_a_temporary_folder_of_many_bytes_in_few_letters_works(place, tmp_path):
    temporary = tmp_path / ("中" * 60)
    temporary.mkdir()
    code, _, err = run(place, "run", "small", TMPDIR=str(temporary))
    assert code == 0, err
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_record_without_a_commit_says_why(place):
    assert run(place, "run", "small")[0] == 0
    record = json.loads((place / "outputs" / "small" / "run.json").read_text())
    assert (record["git"], record["no_git"]) == (None, "the project's folder is no git repository")
    page = (place / "outputs" / "small" / "html" / "index.html").read_text()
    assert "<dt>commit</dt><dd>none: the project&#39;s folder is no git repository</dd>" in page
    (place / ".git").mkdir()
    assert run(place, "run", "other")[0] == 0
    record = json.loads((place / "outputs" / "other" / "run.json").read_text())
    assert record["git"] is None
    assert record["no_git"].startswith("git did not tell the commit: ")


# ---- what was read is what is recorded


CHANGE = """from pathlib import Path
from helpers.base.project import find_data
from helpers.indicators import load
folder = find_data(data)
table = Path(folder) / "observations.csv"
kept = table.read_bytes()
table.write_bytes(kept.replace(b"602", b"702"))
wrong = load(folder, as_of=as_of).series(entity, indicator).values
table.write_bytes(kept)"""


@pytest.mark.slow
def test_data_that_change_and_change_back_are_noticed(place):
    cells = list(ALL["01_check_small"])
    write_notebooks(place / "notebooks", {**ALL, "01_check_small": [*cells, CHANGE]})
    code, _, err = run(place, "run", "small")
    assert (code, err) == (1, "The data changed while the run was being made. Run the same command again.\n")
    assert not (place / "outputs" / "small").exists()
    assert not list((place / "outputs" / ".store").glob("[0-9a-f]*")), "what was made of them is not reused"
    write_notebooks(place / "notebooks")
    assert run(place, "run", "small")[0] == 0


def test_pip_and_setuptools_are_in_the_lock():
    lock = (Path(__file__).parents[1] / "requirements.lock").read_text()
    from importlib.metadata import version

    for name in ("pip", "setuptools"):
        assert f"\n{name}=={version(name)} \\\n    --hash=sha256:" in lock


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_an_audit_without_a_network_ends_with_a_sentence():
    words = ["make", "--silent", "--assume-old=.venv/ready", "audit", f"BIN={Path(sys.executable).parent}"]
    nowhere = dict.fromkeys(("https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:1") | {"no_proxy": ""}
    done = subprocess.run(
        words, cwd=Path(__file__).parents[1], env={**os.environ, **nowhere}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout.startswith("https://api.osv.dev/v1/query or the package index can't be reached")
    assert len(done.stdout.splitlines()) == 1


# ---- odd values


@pytest.mark.parametrize("value", [0.9999999999999999, 1e-17, 0.9995, 0.0005])
def test_levels_and_shares_that_nobody_can_tell_from_0_or_1_are_refused(value):
    for name in ("levels", "shares"):
        with pytest.raises(ParameterError, match=r"none within 0\.001 of either"):
            read_parameters({name: [value]})
    assert read_parameters({"levels": [0.001, 0.999]}).levels == [0.001, 0.999]


ENTITIES = {
    "Ch\u0456na": "has a Greek or Cyrillic letter among Latin ones",
    "C\u03bfngo": "has a Greek or Cyrillic letter among Latin ones",
    "\u3164": "hangul filler",
    "\u2800": "braille pattern blank",
    "...": "has no letter and no digit",
    "\u200c": "has no letter and no digit",
}


@pytest.mark.parametrize("entity", ENTITIES)
def test_entities_that_look_empty_or_like_another_are_refused(tmp_path, entity):
    path = tmp_path / "own.csv"
    rows = "".join(f"{entity},{year},{year - 2010}\n" for year in range(2019, 2024))
    path.write_text(f"entity,date,value\n{rows}", encoding="utf-8")
    with pytest.raises(indicators.DataError, match=ENTITIES[entity]):
        indicators.load(f"{path}?unit=units")


@pytest.mark.parametrize("other", ["\u0421\u0423\u0420", "CYP\ufe0f", "C\u200cYP"])
def test_entities_that_differ_by_a_look_are_refused(tmp_path, other):
    path = tmp_path / "own.csv"
    rows = "".join(f"CYP,{year},{year - 2010}\n{other},{year},{year - 2011}\n" for year in range(2019, 2024))
    path.write_text(f"entity,date,value\n{rows}", encoding="utf-8")
    with pytest.raises(indicators.DataError, match=r"is spelled|\\ufe0f"):
        indicators.load(f"{path}?unit=units")
    assert indicators.load(SAMPLE)
