"""Finished runs that no notebook had to make, to compare."""

import json

import pandas as pd

from adoption_curves.base.files import hash_file
from adoption_curves.base.levels import band_columns, quoted_level
from adoption_curves.runs.parameters import read_parameters

NASTY = "<script>alert(1)</script>"
DATES = pd.date_range("2026-06-30", periods=4, freq="6ME")


def make(
    outputs, name, median=800.0, subject=("Users", "million people"), dates=DATES, data="1", sources="a", **values
):
    """Write a finished run as the project's notebooks do."""
    folder = outputs / name
    (folder / "tables").mkdir(parents=True)
    parameters = read_parameters({"run": name.split("/")[-1], **values}).model_dump()
    low, high = band_columns(quoted_level(parameters["levels"]))
    forecast = {"date": dates, low: median - 90, "q0.5": median, high: median + 70}
    tables = {
        "05_forecast": pd.DataFrame(forecast).assign(unit=subject[1], basis="tested"),
        "01_observations": pd.DataFrame(
            {"date": ["2024-12-31", "2025-12-31"], "value": [median / 3, median / 1.3], "qualifier": "exact"}
        ),
    }
    files = {}
    for table, frame in tables.items():
        path = folder / "tables" / f"{table}.csv"
        frame.to_csv(path, index=False)
        files[f"tables/{table}.csv"] = hash_file(path)
    summary = {"parameters": {}, "figures": {}, "made_from": {"the notebook": sources}, "files": files}
    summary["tables"] = {table: {"rows": 1, "columns": {"date": "date"}} for table in tables}
    record = {"form": 3, "run": name, "made": "2026-11-26", "main_figure": None, "parameters": parameters, "git": None}
    record |= {"subject": {"title": subject[0], "unit": subject[1]}, "sources": [], "left_out": {}, "citation": ""}
    record |= {"data": {"path": "data", "files": {"observations.csv": data * 64}}}
    record |= {"versions": {"adoption-curves": "3"}} | {key: {} for key in ("asked", "files", "helpers")}
    record |= {"notebooks": {"06_summarise_findings": summary}}
    (folder / "run.json").write_text(json.dumps(record))
    return folder
