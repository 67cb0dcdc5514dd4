"""What a sweep came to: a table with a row a run, a figure of the forecasts, and a page with the way to every run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.compare.differences import write_value
from helpers.compare.page import embed
from helpers.compare.reading import FinishedRun, read_run
from helpers.figures.comparisons import Forecast, draw_runs, find_effects, group_subjects, say_medians, share_dates
from helpers.figures.images import draw_images
from helpers.figures.style import say
from helpers.project import RunError, write_file
from helpers.report import render
from helpers.runs.notebook import write_csv
from helpers.sweep.grid import Sweep
from helpers.wording import say_count

SOURCE = "Source: table 05_forecast of each run; the runs' pages name the publishers of their data"
NUMBERS = ("value", "low", "high", "unit")


def write_summary(sweep: Sweep, folder: Path, failed: Mapping[str, str]) -> None:
    """Write ``sweep.csv``, ``sweep.png``, ``sweep.svg``, ``sweep.pdf`` and ``index.html`` into the sweep's folder."""
    finished, failed = {}, dict(failed)
    for run in sweep.runs:
        if run.run not in failed:
            try:
                finished[run.run] = read_run(f"{sweep.name}/{run.run}", folder / run.run)
            except RunError as error:
                failed[run.run] = str(error)
    table = list_runs(sweep, finished, failed)
    write_file(folder / "sweep.csv", write_csv("sweep", table)[0])
    forecasts = list_forecasts(sweep, finished)
    finding, images = say_finding(sweep, forecasts), {}
    if any(share_dates(members) for members in group_subjects(forecasts).values()):
        figure = draw_runs(forecasts, finding, SOURCE)
        images = dict(draw_images(figure, f"Median and 80 % band of each run. {finding}."))
    for kind in ("png", "svg", "pdf"):
        if kind in images:
            write_file(folder / f"sweep.{kind}", images[kind])
        else:  # of an earlier time
            (folder / f"sweep.{kind}").unlink(missing_ok=True)
    write_file(folder / "index.html", build_page(sweep, finished, failed, finding, images.get("png")).encode("utf-8"))


def list_runs(sweep: Sweep, finished: Mapping[str, FinishedRun], failed: Mapping[str, str]) -> pd.DataFrame:
    """A row a run: run, state, message, the parameters, and of each key number value, low, high and unit."""
    rows = []
    for run in sweep.runs:
        row: dict[str, Any] = {"run": run.run, "state": "failed" if run.run in failed else "complete"}
        row |= {"message": " ".join(failed.get(run.run, "").split())}
        row |= {name: write_value(value) for name, value in run.model_dump(exclude={"run"}).items()}
        if run.run in finished:
            for key, entry in finished[run.run].numbers.iterrows():
                row |= {key if part == "value" else f"{key}_{part}": entry[part] for part in NUMBERS}
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.loc[
        :, (table.notna() & (table != "")).any() | table.columns.isin(["message", *sweep.runs[0].model_dump()])
    ]


def list_forecasts(sweep: Sweep, finished: Mapping[str, FinishedRun]) -> list[Forecast]:
    """What the figure draws: each run named by what it varies, in the order of the first varied parameter."""
    forecasts = []
    for run in sweep.runs:
        found = finished.get(run.run)
        if found is not None and len(found.forecast):
            words = tuple(f"{name} {write_value(getattr(run, name))}" for name in sweep.varied)
            groups = words if len(words) > 1 else ()
            name = words[0] if len(words) == 1 else run.run
            forecasts.append(Forecast(name, found.subject, found.forecast, found.observations, groups))
    return forecasts


def say_finding(sweep: Sweep, forecasts: Sequence[Forecast]) -> str:
    """What the runs come to in one sentence, and which parameter moves the median most where that can be told."""
    panels = group_subjects(forecasts)
    if len(panels) > 1:
        return f"{len(forecasts)} runs forecast {len(panels)} different things, each in a panel of its own"
    date = share_dates(forecasts)
    if date is None:
        return f"{say_count(len(forecasts), 'run')}, and no date that all of them forecast"
    medians = pd.Series([each.table.set_index("date")["median"][date] for each in forecasts])
    sentence = say_medians(medians, date, forecasts[0].subject[1])
    effects = find_effects(forecasts, sweep.varied) if sweep.full and len(forecasts) == len(sweep.runs) else {}
    if len(effects) > 1 and max(effects.values()) > 0:
        sentence += f", moved most by {max(effects, key=lambda name: effects[name])}"
    return sentence


def build_page(
    sweep: Sweep,
    finished: Mapping[str, FinishedRun],
    failed: Mapping[str, str],
    finding: str,
    image: bytes | None,
) -> str:
    """HTML of the sweep's page; everything that comes from the runs is escaped."""
    dates = {subject: share_dates(members) for subject, members in _group(finished.values()).items()}
    rows = []
    for run in sweep.runs:
        cells = [write_value(getattr(run, name)) for name in sweep.varied]
        found = finished.get(run.run)
        reading = _read_forecast(found, dates.get(found.subject)) if found else ""
        href = f"{run.run}/html/index.html" if found and (found.folder / "html" / "index.html").exists() else ""
        rows.append({"name": run.run, "href": href, "cells": cells, "reading": reading, "failed": run.run in failed})
    common = sweep.runs[0].model_dump(exclude={"run", *sweep.varied})
    failures = [("failed", "Runs that failed")] if failed else []
    return render(
        "page.html.j2",
        Path(__file__).parent,
        title="Sweep",
        run=sweep.name,
        sections=[("runs", "Runs"), *failures, ("made", "How this was made")],
        name=sweep.name,
        file=sweep.file,
        finding=finding,
        picture=embed(image),
        varied=sweep.varied,
        rows=rows,
        failed=failed,
        common=[(name, write_value(value)) for name, value in common.items()],
        units=sorted({found.subject[1] for found in finished.values()}),
        dates=sorted({f"{date:%Y-%m-%d}" for date in dates.values() if date is not None}),
    )


def _group(runs: Iterable[FinishedRun]) -> dict[tuple[str, str], list[Forecast]]:
    return group_subjects([Forecast(run.name, run.subject, run.forecast, run.observations) for run in runs])


def _read_forecast(run: FinishedRun, date: pd.Timestamp | None) -> str:
    rows = run.forecast[run.forecast["date"] == date]
    if date is None or rows.empty:
        return "–"
    row = rows.iloc[0]
    return f"{say(row['median'])} ({say(row['low'])} to {say(row['high'])})"
