"""An archive of a run is a research object: rocrate reads it back, and every file that it describes is there."""

import json
import zipfile
from hashlib import sha256
from pathlib import Path

from processes import call
from rocrate.rocrate import ROCrate

from helpers.base.project import RECORD
from helpers.runs import record as records
from helpers.runs.crate import METADATA, PROFILE, describe_crate
from helpers.runs.exports import write_latex, write_workbook
from helpers.runs.notebook import list_written
from helpers.runs.pages.single import write_archive
from helpers.runs.record import list_outputs, read_run


def list_files(crate):
    return {entity.id: entity for entity in crate.get_by_type("File")}


def test_the_archive_is_a_crate_with_every_file_of_the_record(run, tmp_path):
    path = write_archive(run)
    crate = ROCrate(path)
    assert crate.root_dataset["conformsTo"].id == PROFILE
    assert crate.root_dataset["license"].id == "https://spdx.org/licenses/MIT"
    assert crate.root_dataset["datePublished"] == read_run(run)["made"]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "there")
    files = list_files(crate)
    assert set(files) == {f"small/{name}" for name in [*list_outputs(read_run(run)), RECORD]}
    for name, entity in files.items():
        content = (tmp_path / "there" / name).read_bytes()
        assert entity.get("sha256", sha256(content).hexdigest()) == sha256(content).hexdigest(), name
    figures = [entity for name, entity in files.items() if "/figures/" in name]
    assert figures
    assert all(entity["description"] for entity in figures)


def test_an_action_for_each_notebook_says_what_it_read_and_wrote(run):
    record, crate = read_run(run), ROCrate(write_archive(run))
    actions = {action.id: action for action in crate.get_by_type("CreateAction")}
    assert [action.id for action in crate.root_dataset["mentions"]] == list(actions)
    for name, notebook in record["notebooks"].items():
        action = actions[f"#run-{name}"]
        assert action["instrument"]["sha256"] == notebook["source"]
        written = {f"small/{path}" for path in list_written(notebook)} | {f"small/notebooks/{name}.ipynb"}
        assert {entity.id for entity in action["result"]} == written
        read = {entity.id for entity in action["object"]}
        assert {f"#data/{each}" for each in record["data"]["files"]} <= read
        assert {f"#parameter-{each}" for each in notebook["parameters"]} <= read
        assert {f"small/tables/{each}.csv" for each in notebook["read"]} <= read
        assert {each["name"] for each in action["instrument"]["softwareRequirements"]} >= {"python", "pandas"}
    assert any(notebook["read"] for notebook in record["notebooks"].values())


def test_the_same_run_has_the_same_crate_without_a_path_of_the_machine(run):
    record = json.loads((run / RECORD).read_text())
    record["parameters"]["data"] = "/home/somebody/private/series.csv?unit=percent"
    (run / RECORD).write_text(json.dumps(record))
    first = write_archive(run).read_bytes()
    assert write_archive(run).read_bytes() == first
    write_workbook(run), write_latex(run)
    assert write_archive(run).read_bytes() == first, "whatever was exported before"
    text = describe_crate(run).decode()
    assert '"value": "series.csv"' in text
    assert "somebody" not in text
    assert str(run.parent) not in text


def test_what_lies_beside_is_not_packed(run):
    (run / "private.txt").write_text("mine")
    (run / "tables" / "private.csv").write_text("mine")
    (run / "run.log").unlink(missing_ok=True)
    (run / "run.log").symlink_to(run / "private.txt")
    with zipfile.ZipFile(write_archive(run)) as archive:
        names = {name.removeprefix("small/") for name in archive.namelist()}
    assert names == {METADATA, *records.list_files(read_run(run))} - {"run.log"}


def test_a_damaged_run_is_not_packed(run, outputs, capsys):
    kinds = {Path(name).parent / Path(name).suffix: name for name in records.list_files(read_run(run))}
    for name in (name for name in kinds.values() if name not in ("run.log", RECORD)):
        content = (run / name).read_bytes()
        for spoil in (Path.unlink, lambda path: path.write_bytes(b"{}")):
            spoil(run / name)
            told = f"{name} of run 'small' is missing or was changed. Make the run again.\n"
            assert call(capsys, "export", "small", "--zip") == (1, "", told)
            (run / name).write_bytes(content)
    assert not (outputs / "small.zip").exists()
    assert call(capsys, "export", "small", "--zip")[0] == 0


def test_without_a_record_there_is_no_archive(run, outputs, capsys):
    (run / RECORD).unlink()
    assert "There is no run 'small' with a record" in call(capsys, "export", "small", "--zip")[2]
    assert not (outputs / "small.zip").exists()
