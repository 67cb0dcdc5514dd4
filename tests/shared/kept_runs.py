"""What the first page reads of the kept runs, from their tables."""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from adoption_curves import indicators
from adoption_curves.base.levels import quoted_level
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.say.run_tables import TABLES, RunTables

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "golden"
RUNS = {spec["run"]: spec for spec in yaml.safe_load((FOLDER / "golden.yaml").read_text(encoding="utf-8"))["runs"]}
KEPT = ["baseline", "yearly", "one", "declining", "levelled", "unlimited"]
"""Runs of which all tables are kept that a first page is made from: one of each kind of page."""


def read_table(run, name):
    """A kept table of a run; one without rows is not kept."""
    path = FOLDER / run / f"{name}.csv"
    frame = pd.read_csv(path) if path.exists() else pd.read_csv(FOLDER / "baseline" / path.name, nrows=0)
    return frame.assign(date=pd.to_datetime(frame["date"])) if "date" in frame else frame


@cache
def read_run(run):
    """The tables of a run, what its series is called, the level of its interval, and notes by hand."""
    tables = {name: read_table(run, name) for name in TABLES}
    chosen, first = complete_parameters(read_parameters(RUNS[run])), tables["02_growth"].iloc[0]
    data = indicators.load(chosen.data, as_of=chosen.as_of)
    series = data.series(first["entity"], first["indicator"], chosen.limit)
    notes = data.find_notes(series.entity, series.indicator)
    return RunTables(tables, indicators.find_labels(data, series), quoted_level(chosen.levels), notes)
