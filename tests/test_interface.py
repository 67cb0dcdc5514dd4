"""Names that others build on: tables and columns as outputs/README.md says, commands and options, Python objects."""

import inspect
import re
from pathlib import Path

import golden
import numpy as np
import pandas as pd
import pytest
import typer
from conftest import SAMPLE

from helpers import curves, forecast, indicators
from helpers.__main__ import app

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"^\| `(\d\d_\w+)` \| .*? \| (.*) \|$", re.MULTILINE)
COLUMN = re.compile(r"`([\w.]+)` (text|date|yes/no|value|percent|share|years|count|number)\b")
TEXT = (ROOT / "outputs" / "README.md").read_text(encoding="utf-8")
DOCUMENTED = {name: dict(COLUMN.findall(columns)) for name, columns in TABLE.findall(TEXT)}
QUANTILES = ["q0.025", "q0.1", "q0.25", "q0.5", "q0.75", "q0.9", "q0.975"]
NOT_ALWAYS = {"gompertz_shrunk", "gompertz_prior", "logistic_prior", "damped_drift"}  # members


def holds(kind, cells):
    """Whether cells of a CSV file are what the documentation calls them; blank ones are missing."""
    cells = cells[cells != ""]
    if kind == "text":
        return True
    if kind == "date":
        return cells.str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    if kind == "yes/no":
        return cells.isin(["True", "False"]).all()
    return pd.to_numeric(cells, errors="coerce").notna().all()


def check_columns(path):
    table, columns = pd.read_csv(path, dtype=str, keep_default_na=False), DOCUMENTED[path.stem]
    found = [name for name in table if name not in columns and not re.fullmatch(r"q0\.\d+", name)]
    missing = [name for name in columns if name not in table and name not in NOT_ALWAYS]
    assert (found, missing) == ([], []), path
    assert [name for name, kind in columns.items() if name in table and not holds(kind, table[name])] == [], path


def test_a_run_has_the_documented_tables_and_columns(whole_run):
    paths = sorted((whole_run / "tables").glob("*.csv"))
    assert [path.stem for path in paths] == list(DOCUMENTED)
    for path in paths:
        check_columns(path)
        if path.stem != "04_residuals":  # where the methods stand in another order
            names = [name for name in pd.read_csv(path, nrows=0) if name in DOCUMENTED[path.stem]]
            assert names == list(DOCUMENTED[path.stem])


@pytest.mark.parametrize("folder", sorted(path.parent for path in golden.RUNS.parent.glob("*/06_findings.csv")))
def test_other_runs_have_them_too(folder):
    for path in folder.glob("*.csv"):
        check_columns(path)


def test_the_seven_quantiles_are_there_whatever_the_levels_are():
    table = pd.read_csv(golden.RUNS.parent / "levels" / "05_forecast.csv")
    assert set(QUANTILES) < {name for name in table if name.startswith("q0")}
    assert "combined" in set(table["method"])
    data = indicators.load(SAMPLE)
    result = forecast.forecast(
        data.series("China", "genai_users", "internet_users"),
        references=data.references(),
        levels=[0.3],
        horizon_years=1,
    )
    assert result.quantiles.columns.tolist() == [0.025, 0.1, 0.25, 0.35, 0.5, 0.65, 0.75, 0.9, 0.975]
    assert [name for name in result.frame() if name in QUANTILES] == QUANTILES


def test_input_tables_keep_their_columns():
    expected = "entity,indicator,date,published,value,bound,standard_error,sample_size,source_id,published_by,vintage"
    header = (ROOT / "data" / "observations.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == expected + ",confidence,note,reported_at"


def test_a_fit_keeps_its_names():
    years = pd.to_datetime([f"{year}-12-31" for year in range(2016, 2026)])
    series = pd.Series([3.0, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=years)
    arguments = ["exog", "ceiling", "launch", "errors"]
    assert set(arguments) < set(inspect.signature(curves.Logistic).parameters)
    fit = curves.Logistic(series, **dict.fromkeys(arguments)).fit()
    assert fit.params.index.tolist() == ["ceiling", "rate", "midpoint"]
    assert (fit.identified, fit.flag) == (True, "")
    assert fit.ceiling == fit.params["ceiling"]
    assert {"ceiling", "ssr", "statistic", "confidence"} < set(fit.profile(points=3))
    for method in ("wald", "profile"):
        assert fit.conf_int(method=method).columns.tolist() == [0, 1]
    assert np.isfinite(fit.predict(pd.to_datetime(["2030-12-31"]))).all()
    assert "ceiling" in str(fit.summary())


PARAMETERS = {"--parameters", "--parameters_raw", "--parameters_yaml", "--parameters_file", "-p", "-r", "-y", "-f"}
COMMANDS = {
    "run": PARAMETERS | {"--force", "--only", "--from", "--isolated", "--pdf"},
    "open": PARAMETERS | {"--no-browser", "--prepare-only"},
    "export": set(),
    "compare": {"--into"},
    "verify": {"--against"},
    "sweep": {"--name", "--workers", "--yes"},
    "params": set(),
    "check": set(),
    "register": {"--for", "--hub", "--series", "--data", "--as-of"},
    "score": {"--data", "--hub", "--vintage", "--update", "--json"},
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_keep_their_options(name):
    command = typer.main.get_command(app).commands[name]
    assert COMMANDS[name] <= {option for parameter in command.params for option in parameter.opts}
