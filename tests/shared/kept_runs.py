"""Facts of the kept runs, from their tables."""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from adoption_curves import indicators
from adoption_curves.base.levels import quoted_level
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.say.facts import SUMMARISED, Facts

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "golden"
RUNS = {spec["run"]: spec for spec in yaml.safe_load((FOLDER / "golden.yaml").read_text(encoding="utf-8"))["runs"]}
KEPT = ["baseline", "yearly", "one", "declining", "levelled", "unlimited"]
"""Runs of which all tables are kept that a first page is made from: one of each kind of page."""


def read_table(run, name):
    """A kept table of a run."""
    frame = pd.read_csv(FOLDER / run / f"{name}.csv")
    return frame.assign(date=pd.to_datetime(frame["date"])) if "date" in frame else frame


@cache
def name_run(run):
    """What sentences call the series of a run, and the level of its range."""
    chosen, first = complete_parameters(read_parameters(RUNS[run])), read_table(run, "02_growth").iloc[0]
    data = indicators.load(chosen.data, as_of=chosen.as_of)
    series = data.series(first["entity"], first["indicator"], chosen.limit)
    return indicators.name_series(data, series), quoted_level(chosen.levels)


def read_facts(run, **changed):
    """The facts of a run, with other tables in the place of its own."""
    tables = {name: read_table(run, name) for name in SUMMARISED}
    return Facts(tables | changed, *name_run(run))
