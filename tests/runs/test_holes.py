"""What an attack on release 0.3 found, a test for each class: docs/runs.md says what holds."""

import json
import os
import re
import shutil
import time
import zipfile
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from conftest import WORDS
from PIL import Image, UnidentifiedImageError
from processes import call

from adoption_curves import indicators
from adoption_curves.base.files import hash_file
from adoption_curves.base.project import PROJECT_MARK, RunError, Source, find_root
from adoption_curves.base.words import say_percent
from adoption_curves.runs.pages.charts import _render_drawing
from adoption_curves.runs.pages.embeds import _shrink_image
from adoption_curves.runs.record import locate
from adoption_curves.runs.table_files import write_csv
from adoption_curves.say.headlines import say_place, say_users

SRC = Path(__file__).parents[2] / "src" / "helpers" / "adoption_curves"
SERIES = "date,value,unit\n2021-06-30,12,%\n2022-06-30,19,%\n2023-06-30,31,%\n2024-06-30,44,%\n2025-06-30,52,%\n"


def plant(run, name, source):
    """Add a text to a notebook of a run, with records that agree."""
    path = run / "notebooks" / f"{name}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] += f"\n\n{source}"
    path.write_text(json.dumps(notebook))
    for part, change in (
        (path.with_suffix(".json"), lambda content: content),
        (run / "run.json", lambda content: content["notebooks"][name]),
    ):
        content = json.loads(part.read_text())
        change(content)["executed"] = hash_file(path)
        part.write_text(json.dumps(content))


# ---- 1: files of the reader's machine


def test_no_text_of_a_run_brings_a_file_into_its_pages(run, tmp_path, capsys):
    for kind in ("csv", "png", "svg", "pdf", "txt"):
        (tmp_path / f"precious.{kind}").write_text("precious")
    (run / "tables" / "mine.csv").write_text("precious")
    paths = [*(f"../../precious.{kind}" for kind in ("csv", "png", "svg", "pdf", "txt")), "tables/mine.csv"]
    text = "\n\n".join(
        f'`href="within:{path}"` [x](within:{path}) <a href="within:{path}" download="x">x</a>' for path in paths
    )
    plant(run, "01_check_small", text)
    content = json.loads((run / "run.json").read_text())
    content["parameters"]["entity"] = content["subject"]["title"] = f'href="within:{paths[0]}"'
    (run / "run.json").write_text(json.dumps(content))
    assert call(capsys, "export", run.name)[0] == 0
    pages = [*(run / "html").rglob("*.html")]
    assert len(pages) > 4
    for page in pages:
        assert b64encode(b"precious").decode() not in page.read_text(), page
    assert "within:../../precious.txt" in (run / "html" / "01_check_small.html").read_text(), "it stays a text"


@pytest.mark.parametrize("name", ["tables", "figures", "notebooks", "html", "html/charts", "tables/01_coverage.csv",
                                  "html/index.html", "notebooks/01_check_small.json", "run.json"])  # fmt: skip
def test_no_command_follows_a_link_out_of_a_strangers_run(run, outputs, tmp_path, capsys, name):
    """Each part of the run lies elsewhere, equal to the byte, so that all hashes agree; nothing there changes."""
    shutil.copytree(run, outputs / "other")
    elsewhere = tmp_path / "elsewhere"
    shutil.move(run / name, elsewhere)
    (run / name).symlink_to(elsewhere)
    before = list_all(elsewhere)
    asked = [["export", "small"], ["export", "small", "--xlsx"], ["verify", "small"], ["runs"]]
    for words in [*asked, *([["compare", "small", "other"]] if name in ("tables", "run.json") else [])]:
        code, out, err = call(capsys, *words)
        assert list_all(elsewhere) == before, words
        if words == ["export", "small"]:
            assert (code, out) == (1, ""), words
            assert any(
                said in err
                for said in ("leads out of the folder", "is missing or was changed", "is damaged", "did not write")
            )


def list_all(path):
    """Name, content and time of all that lies there."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [(str(one), one.is_file() and one.read_bytes(), one.stat().st_mtime_ns) for one in files]


def test_a_path_of_a_record_is_resolved_inside_its_folder(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "out").symlink_to(tmp_path.parent)
    assert locate(tmp_path, "tables/a.csv") == tmp_path / "tables" / "a.csv"
    for path in ("../a", "/etc/passwd", "tables/../../a", "out/a", "out", "", "."):
        with pytest.raises(RunError, match="leads out of the folder of run"):
            locate(tmp_path, path)


# ---- 3: whose project it is


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files to another user")
def test_a_project_below_a_strangers_folder_is_not_run(place, tmp_path, monkeypatch):
    """The stranger's folder may be written by nobody else; the one that holds it by all."""
    shared = tmp_path / "shared"
    project = shared / "theirs" / "project"
    shutil.copytree(place, project)
    (project / "mine").mkdir()
    monkeypatch.chdir(project / "mine")
    assert find_root() == project
    for path in (shared / "theirs", project, project / PROJECT_MARK, project / "data", project / "notebooks"):
        os.chown(path, 12345, 12345)
    shared.chmod(0o1777)
    with pytest.raises(RunError, match="theirs is another user's, in a folder where everyone may write"):
        find_root()


# ---- 4: pictures


def test_a_picture_that_is_no_png_is_handed_to_no_other_program(tmp_path):
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/tmp/owned) (w) file closefile showpage\n"
    jpeg = BytesIO()
    Image.new("RGB", (9, 9)).save(jpeg, "JPEG")
    for content in (script, jpeg.getvalue()):
        with pytest.raises(UnidentifiedImageError):
            _shrink_image(content, 9)


# ---- 7, 12 and severity 3: own files


def write_xlsx(path, cells):
    """A spreadsheet of the smallest kind: numbers by the names of their cells."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def relate(kind, target):
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        one = f'<Relationship Id="r1" Type="{office}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{package}">{one}</Relationships>'

    rows = [(re.sub("[A-Z]", "", name), name, value) for name, value in cells.items()]
    lines = "".join(f'<row r="{row}"><c r="{name}"><v>{value}</v></c></row>' for row, name, value in rows)
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheets = '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>'
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": relate("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook {space} xmlns:r="{office}">{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": relate("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{lines}</sheetData></worksheet>",
    }
    write_parts(path, parts)


def write_parts(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


@pytest.mark.parametrize("last", ["XFD1048576", "XFD999"])
def test_a_spreadsheet_of_one_far_cell_takes_seconds(tmp_path, capsys, last):
    path = tmp_path / "wide.xlsx"
    write_xlsx(path, {"A1": 1, last: 2})
    assert path.stat().st_size < 2_000
    began = time.monotonic()
    code, out, _ = call(capsys, "check", path)
    assert (code, len(out.splitlines())) == (1, 1), out
    assert time.monotonic() - began < 10


def test_only_parts_that_were_measured_are_read(tmp_path, capsys):
    path = tmp_path / "hidden.xlsx"
    write_xlsx(path, {"A1": 1, "XFD1048576": 2})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    parts["xl/worksheets/sheet1.png"] = parts.pop("xl/worksheets/sheet1.xml")
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace("sheet1.xml", "sheet1.png")
    write_parts(path, parts)
    code, out, _ = call(capsys, "check", path)
    assert (code, "hidden.xlsx" in out) == (1, True)
    parts["xl/sharedStrings.xml"] = '<!DOCTYPE a [<!ENTITY b "c">]><sst/>'
    write_parts(path, parts)
    assert "cannot be read as a spreadsheet" in call(capsys, "check", path)[1]


def test_a_question_mark_in_a_file_s_name_is_part_of_it(tmp_path, monkeypatch, capsys, small_project):
    path = tmp_path / "a?b=c.csv"
    path.write_text(SERIES.replace("date,", "when,"))
    assert Source.read(path) == Source(path)
    assert Source.read(str(Source(path, {"date": "when"}))) == Source(path, {"date": "when"})
    gone = tmp_path / "x?y=z.csv"
    assert Source.read(str(Source(gone))) == Source(gone)
    assert len(indicators.load(Source(path, {"date": "when"})).exact_values("own data", "a_b_c")) == 5
    monkeypatch.chdir(tmp_path)
    code, out, _ = call(capsys, "check", path.name, "--date", "when")
    assert (code, "ok:" in out) == (0, True), out


# ---- 11: who is cited


def test_pages_follow_citation_cff(here, capsys):
    (here / "CITATION.cff").write_text("authors: [{name: First}]\ndate-released: 2026-01-01\n")
    assert call(capsys, *WORDS)[0] == 0
    index = here / "outputs" / "small" / "html" / "index.html"
    assert "First (2026)" in index.read_text()
    (here / "CITATION.cff").write_text("authors: [{name: Second}]\ndate-released: 2026-01-01\n")
    code, out, _ = call(capsys, "verify", "small")
    assert (code, out) == (1, "citation: changed\n")
    code, _, err = call(capsys, *WORDS)
    assert (code, err.count("unchanged")) == (0, 3), "no notebook runs again"
    assert "Second (2026)" in index.read_text()
    assert call(capsys, "verify", "small")[0] == 0
    (here / "CITATION.cff").write_text("authors: [{name: Third}]\ndate-released: 2026-01-01\n")
    assert call(capsys, "export", "small")[0] == 0
    assert "Third (2026)" in index.read_text()
    assert call(capsys, "verify", "small")[0] == 0


# ---- severity 3


# ---- commands that only look


def test_commands_that_only_look_change_nothing(here, tmp_path, capsys):
    """A hidden folder of somebody's beside own data is theirs, whatever its name."""
    own = tmp_path / "own"
    shutil.copytree(here / "data", own / "mine")
    for name in (".forecasts.old", ".forecasts.new-abcdefgh", "forecasts"):
        (own / name).mkdir()
        (own / name / "thesis.txt").write_text("years of work")
    (own / "a.csv").write_text(SERIES)
    before = list_all(own)
    for words in (
        ["check", own / "a.csv"],
        ["list", "--data", own / "a.csv"],
        ["score", "--data", own / "a.csv"],
        ["runs"],
    ):
        call(capsys, *words)
        assert list_all(own) == before, words


@pytest.mark.parametrize(
    "address", ["URL(http://example.org/x)", "Url( 'http://example.org/x')", "url(http://example.org/x)"]
)
def test_a_drawing_that_asks_for_an_address_is_not_set(address):
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9pt" viewBox="0 0 9 9"><path {}/></svg>'
    assert _render_drawing(drawing.format('fill="red"').encode(), "p-", "alt", "wide")
    assert not _render_drawing(drawing.format(f'fill="{address}"').encode(), "p-", "alt", "wide")


def test_a_day_of_publication_after_today_is_refused(tmp_path, capsys, small_project):
    path = tmp_path / "mine.csv"
    path.write_text(
        "date,value,published\n2021-06-30,12,2021-09-01\n2022-06-30,19,2099-01-01\n2023-06-30,31,2023-09-01\n"
    )
    code, out, _ = call(capsys, "check", path, "--unit", "percent")
    told = "mine.csv, row 3, column published: is after today; write the day on which the figure became public"
    assert (code, out.startswith(told)) == (1, True)


def test_words_for_odd_values():
    assert [say_percent(value) for value in (99.97, 99.94, 100, 0.04, 0.05, 0)] == [
        "more than 99.9%", "99.9%", "100%", "less than 0.1%", "0.1%", "0%"
    ]  # fmt: skip
    assert [say_place(name) for name in ("Gambia", "Central African Republic", "Euro area", "Norway")] == [
        "the Gambia", "the Central African Republic", "the Euro area", "Norway"
    ]  # fmt: skip
    names = {"doing": "shop online", "unit": "percent of adults", "people": "adults", "entity": "China", "title": ""}
    assert say_users(names, 40.0) == "40.0% of adults in China shop online"


def test_no_zero_of_a_table_is_negative():
    assert write_csv("01_a", pd.DataFrame({"a": [-0.0, 1.5, float("nan")]}))[0] == b'a\n0\n1.5\n""\n'
