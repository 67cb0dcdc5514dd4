"""The summary of a sweep over countries, of finished runs that no notebook had to make."""

import json

import pandas as pd

from adoption_curves.base.files import hash_file, write_file
from adoption_curves.base.levels import band_columns, quoted_level
from adoption_curves.runs.compare import read_row, write_comparison
from adoption_curves.runs.parameters import Parameters, read_parameters

COUNTRIES = ["China", "Korea (Democratic People's Republic of)", "Saint Vincent and the Grenadines"]
NASTY = "<script>alert(1)</script>"
DATES = pd.date_range("2026-06-30", periods=4, freq="6ME")


def make(
    outputs, name, median=800.0, subject=("Users", "million people"), dates=DATES, data="1", sources="a", **values
):
    """Write a finished run as the project's notebooks do."""
    folder = outputs / name
    (folder / "tables").mkdir(parents=True)
    parameters = read_parameters({"run": name.split("/")[-1], **values}).model_dump()
    group = "Is it true?"
    numbers = [("", "headline", "Headline", "", "602 users"), (group, "forecast", "Forecast", median, f"{median:g}")]
    numbers += [(group, "latest", "Users, December 2025", 602.0, "602 users")]
    numbers += [(group, "saturation_level", "Where growth ends", "", "not known")]
    numbers += [(group, "growth", f"Growth {NASTY}", median / 10, "")]
    low, high = band_columns(quoted_level(parameters["levels"]))
    forecast = {"date": dates, low: median - 90, "q0.5": median, high: median + 70}
    tables = {
        "06_key_numbers": pd.DataFrame(numbers, columns=["group", "key", "label", "value", "text"]),
        "05_forecast": pd.DataFrame(forecast).assign(unit=subject[1], basis="tested"),
        "01_observations": pd.DataFrame(
            {"date": ["2024-12-31", "2025-12-31"], "value": [median / 3, median / 1.3], "qualifier": "exact"}
        ),
    }
    written, files = {}, {}
    for table, frame in tables.items():
        path = folder / "tables" / f"{table}.csv"
        frame.to_csv(path, index=False)
        files[f"tables/{table}.csv"] = hash_file(path)
        written[table] = {"rows": 1, "columns": {"date": "date"} if "date" in frame else {}}
    made_from = {"the notebook": sources}
    summary = {key: {} for key in ("parameters", "figures")} | {"made_from": made_from}
    summary |= {"tables": written, "files": files}
    record = {"form": 3, "run": name, "made": "2026-11-26", "main_figure": None, "parameters": parameters, "git": None}
    record |= {"subject": {"title": subject[0], "unit": subject[1]}, "sources": [], "left_out": {}, "citation": ""}
    record |= {"data": {"path": "data", "files": {"observations.csv": data * 64}}}
    record |= {"versions": {"adoption-curves": "3"}} | {key: {} for key in ("asked", "files", "helpers")}
    record |= {"notebooks": {"06_summarise_findings": summary}}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def make_sweep(outputs):
    """Folder of a sweep over countries and horizons, one run of which failed."""
    runs = []
    for place, entity in enumerate(COUNTRIES):
        for years in (3, 5):
            run = f"entity-{entity.split(' ')[0]}_horizon_years-{years}"
            runs.append(Parameters(run=run, entity=entity, horizon_years=years))
            make(outputs, f"grid/{run}", 700.0 + 9 * place + years, entity=entity, horizon_years=years)
            write_file(outputs / "grid" / run / "html" / "index.html", b"")
    missing, folder = runs[-1].run, outputs / "grid"
    (folder / missing / "run.json").unlink()
    rows = [read_row(f"grid/{run.run}") for run in runs[:-1]]
    write_comparison(folder / "comparison", rows, {f"grid/{missing}": "No such series"})
    return folder / "comparison"
