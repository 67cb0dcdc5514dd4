"""Load: many runs, calls, points and series leave nothing behind; `python tests/test_load.py` runs the full numbers."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from small_notebooks import write_notebooks

from helpers.base.project import MARK

SAMPLE = Path(__file__).parent / "sample"
FULL = {"sweep": 300, "calls": 1000, "points": 10**5, "series": 10**5, "forced": 50}
SCALED = {"sweep": 4, "calls": 5, "points": 2000, "series": 300, "forced": 3}


def make_project(folder):
    """A project of the small notebooks on the sample data, and a folder for temporary files beside it."""
    write_notebooks(folder / "project" / "notebooks")
    shutil.copytree(SAMPLE, folder / "project" / "data")
    (folder / "project" / MARK).write_text("")
    (folder / "t").mkdir()
    return folder / "project"


def call(project, *words):
    """What the command said; it ends well."""
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(project / "outputs"), "TMPDIR": str(project.parent / "t")}
    command = [sys.executable, "-P", "-m", "helpers", *words]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr
    return done.stdout


def make_sweep(project, count):
    """A sweep of so many runs, all different; the same command then makes none again."""
    values = ", ".join(f"{1 + number / 20:.2f}" for number in range(count))
    (project / "grid.yaml").write_text(f"grid: {{horizon_years: [{values}]}}\n")
    call(project, "sweep", "grid.yaml", "--yes")
    assert len(list((project / "outputs" / "grid").glob("*/run.json"))) == count


def repeat_unchanged(project, count):
    """So many calls of a run that nothing has changed for."""
    call(project, "run", "small")
    before = list_files(project / "outputs")
    for _ in range(count):
        assert call(project, "run", "small").startswith("Nothing changed")
    assert list_files(project / "outputs") == before


def check_points(project, count):
    """One series of so many days."""
    days = [f"{1800 + number // 360}-{number // 30 % 12 + 1:02d}-{number % 30 + 1:02d}" for number in range(count * 2)]
    days = [day for day in days if not day[5:] > "02-28" or not day.startswith(day[:4] + "-02")][:count]
    rows = "".join(f"{day},{1 + number / 10}\n" for number, day in enumerate(days))
    (project / "points.csv").write_text(f"date,value\n{rows}")
    assert "ok: " in call(project, "check", "points.csv")


def check_series(project, count):
    """So many series of four figures."""
    rows = "".join(f"area {number},{2020 + year},{5 + year}\n" for number in range(count) for year in range(4))
    (project / "series.csv").write_text(f"entity,date,value\n{rows}")
    assert f"{count:,} series" in call(project, "check", "series.csv", "--unit", "units")


def force_runs(project, count):
    """So many runs of all notebooks: no process, no socket and no file is left by any of them."""
    call(project, "run", "small", "--force")
    before = list_files(project / "outputs")
    for _ in range(count):
        call(project, "run", "small", "--force")
    assert list_files(project / "outputs") == before


PARTS = {
    "sweep": make_sweep,
    "calls": repeat_unchanged,
    "points": check_points,
    "series": check_series,
    "forced": force_runs,
}


def list_files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def list_processes(project):
    """Processes that work in the project or its temporary files."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes() + os.fsencode((path / "cwd").readlink())
        except OSError:
            continue
        found += [path.name] if os.fsencode(project.parent) in words and path.name != str(os.getpid()) else []
    return found


def load(folder, part, count):
    """Seconds that a part took; it leaves nothing."""
    project, began = make_project(folder), time.monotonic()
    PARTS[part](project, count)
    seconds = time.monotonic() - began
    assert list_processes(project) == []
    assert list((folder / "t").iterdir()) == []
    assert not [path for path in project.rglob(".*") if path.name not in (".store", MARK)]
    return seconds


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_load_leaves_nothing_behind(part):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        load(Path(folder), part, SCALED[part])


if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            print(f"{part}, {FULL[part]:,}: {load(Path(folder), part, FULL[part]):.0f} s", flush=True)
