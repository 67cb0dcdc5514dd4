"""What the first page reads of the kept runs, from their tables."""

from functools import cache

import golden
import pandas as pd
import pytest
import yaml

from adoption_curves import indicators
from adoption_curves.base.levels import quoted_level
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.say.run_tables import TABLES, RunTables

RUNS = {spec["run"]: spec for spec in yaml.safe_load(golden.RUNS.read_text(encoding="utf-8"))["runs"]}
KEPT = list(golden.KEPT)


def read_table(run, name):
    """A kept table of a run; one without rows has its columns."""
    path = golden.locate_kept(run, name)
    if not path.is_file():
        if (run, name) not in read_columns():
            pytest.fail(
                f"{path.relative_to(golden.ROOT)} is not there yet; make golden RENEW=1 writes it", pytrace=False
            )
        return pd.DataFrame(columns=read_columns()[run, name].split())
    frame = pd.read_csv(path)
    return frame.assign(date=pd.to_datetime(frame["date"])) if "date" in frame else frame


@cache
def read_columns():
    """The columns of the tables that are not kept whole, by run and table."""
    return golden.read_texts(golden.SUMS).set_index(["run", "table"])["columns"].to_dict()


@cache
def read_run(run):
    """The tables of a run, what its series is called, the level of its interval, and notes by hand."""
    tables = {name: read_table(run, name) for name in TABLES}
    chosen, first = complete_parameters(read_parameters(RUNS[run])), tables["02_growth"].iloc[0]
    data = indicators.load(chosen.data, as_of=chosen.as_of)
    series = data.series(first["entity"], first["indicator"], chosen.limit)
    notes = data.find_notes(series.entity, series.indicator)
    return RunTables(tables, indicators.name_series(data, series), quoted_level(chosen.levels), notes)
