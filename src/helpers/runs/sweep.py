"""Many runs from one file: made with Dask, and summed up in a table, a figure and a page with the way to every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.files import write_json
from ..base.folders import lock_folder
from ..base.numbers import say
from ..base.project import RunError, count_processors, find_outputs, shorten_path
from ..base.wording import say_count
from ..show.figures.comparisons import Forecast, draw_runs, group_subjects, say_medians, share_dates
from ..show.figures.images import draw_images
from .comparison import FinishedRun, embed_figure, read_finished, write_report
from .pages.frame import render
from .pages.index import set_value
from .parameters import Parameters
from .record import hide_place, read_keys
from .store import Store
from .sweep_file import Sweep

SOURCE = "Source: the table of forecasts of each run; the runs' pages name the publishers of their data"


def run_sweep(
    sweep: Sweep, workers: int = 0, scheduler: str = "", notebooks: Path | None = None
) -> tuple[Path, dict[str, str]]:
    """Make the runs of a sweep that aren't there yet, and sum up all of them.

    Parameters
    ----------
    sweep : Sweep
    workers : int
        Notebooks at a time; 0 for as many as there are processors.
    scheduler : str
        Address of a Dask scheduler, whose workers make the runs instead.
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.

    Returns
    -------
    Path and dict
        The sweep's folder, and the message of each run that failed.

    Raises
    ------
    RunError
        If another process makes this sweep, the folder holds something else, or the cluster can't be used.
    """
    from .futures import make_runs

    folder = find_outputs() / sweep.name
    with lock_folder(folder, "sweep"):
        if folder.exists() and not (folder / "sweep.json").exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{shorten_path(folder)} exists and isn't a sweep's. Choose another name with --name.")
        runs = {run.run: run.model_dump(exclude={"run"}) for run in sweep.runs}
        write_json(folder / "sweep.json", {"sweep": sweep.name, "varied": sweep.varied, "runs": runs})
        failed = make_runs(sweep, folder, workers or count_processors(), scheduler, notebooks)
        write_summary(sweep, folder, failed)
    Store(find_outputs()).shrink(read_keys(find_outputs()))
    return folder, failed


def write_summary(sweep: Sweep, folder: Path, failed: Mapping[str, str]) -> None:
    """Write ``sweep.csv``, ``sweep.png``, ``sweep.svg``, ``sweep.pdf`` and ``index.html`` into the sweep's folder."""
    finished, failed = {}, dict(failed)
    for run in sweep.runs:
        if run.run not in failed:
            try:
                finished[run.run] = read_finished(f"{sweep.name}/{run.run}", folder / run.run)
            except RunError as error:
                failed[run.run] = str(error)
    forecasts = list_forecasts(sweep, finished)
    finding, images = say_finding(sweep, forecasts), dict[str, bytes]()
    if any(share_dates(members) for members in group_subjects(forecasts).values()):
        figure = draw_runs(forecasts, finding, SOURCE)
        images = dict(draw_images(figure, f"Median and 80 % band of each run. {finding}."))
    page = build_page(sweep, finished, failed, finding, images.get("png"))
    data = {run.data for run in sweep.runs}
    write_report(folder, "sweep", list_runs(sweep, finished, failed), images, page, data)


def list_runs(sweep: Sweep, finished: Mapping[str, FinishedRun], failed: Mapping[str, str]) -> pd.DataFrame:
    """A row a run: run, state, message, the parameters, and of each key number value, low, high and unit."""
    rows = []
    for run in sweep.runs:
        row: dict[str, Any] = {"run": run.run, "state": "failed" if run.run in failed else "complete"}
        row |= {"message": " ".join(failed.get(run.run, "").split())}
        row |= {name: set_value(value) for name, value in run.model_dump(exclude={"run"}).items()}
        if run.run in finished:
            for key, entry in finished[run.run].numbers.iterrows():
                row |= {key: entry["value"], **{f"{key}_{part}": entry[part] for part in ("low", "high", "unit")}}
        rows.append(row)
    table = pd.DataFrame(rows)
    always = table.columns.isin(["message", *Parameters.model_fields])
    return table.loc[:, (table.notna() & (table != "")).any() | always]


def list_forecasts(sweep: Sweep, finished: Mapping[str, FinishedRun]) -> list[Forecast]:
    """What the figure draws: each run named by what it varies, in the order of the first varied parameter."""
    forecasts = []
    for run in sweep.runs:
        if run.run in finished and len(finished[run.run].forecast.table):
            words = tuple(f"{name} {hide_place(set_value(getattr(run, name)), run.data)}" for name in sweep.varied)
            name, groups = (words[0], ()) if len(words) == 1 else (run.run, words)
            forecasts.append(replace(finished[run.run].forecast, name=name, groups=groups))
    return forecasts


def say_finding(sweep: Sweep, forecasts: list[Forecast]) -> str:
    """What the runs come to in one sentence, and which parameter moves the median most where that can be told."""
    panels = len(group_subjects(forecasts))
    if panels > 1:
        return f"{len(forecasts)} runs forecast {panels} different things, each in a panel of its own"
    date = share_dates(forecasts)
    if date is None:
        return f"{say_count(len(forecasts), 'run')}, and no date that all of them forecast"
    sentence = say_medians(forecasts, date)
    if not (sweep.full and len(forecasts) == len(sweep.runs) and len(sweep.varied) > 1):
        return sentence
    medians, groups = pd.Series([each.at(date)["median"] for each in forecasts]), [each.groups for each in forecasts]
    effects = {}  # how far apart the mean medians of a parameter's values are
    for name, words in zip(sweep.varied, zip(*groups, strict=True), strict=True):
        means = medians.groupby(list(words)).mean()
        effects[name] = means.max() - means.min()
    return sentence + (f", moved most by {max(effects, key=effects.__getitem__)}" if max(effects.values()) > 0 else "")


def build_page(
    sweep: Sweep, finished: Mapping[str, FinishedRun], failed: Mapping[str, str], finding: str, image: bytes | None
) -> str:
    """HTML of the sweep's page; everything that comes from the runs is escaped."""
    panels = group_subjects([found.forecast for found in finished.values()])
    dates = {subject: share_dates(members) for subject, members in panels.items()}
    rows, common = [], sweep.runs[0].model_dump(exclude={"run", *sweep.varied})
    unmade = [("failed", "Runs that failed")] if failed else []
    for run in sweep.runs:
        found, reading, href = finished.get(run.run), "failed", ""
        if found:
            date = dates[found.subject]
            at = found.forecast.at(date) if date is not None else None
            reading = "–" if at is None else f"{say(at['median'])} ({say(at['low'])} to {say(at['high'])})"
            href = f"{run.run}/html/index.html" if (found.folder / "html" / "index.html").exists() else ""
        rows.append((run.run, href, [reading, *(set_value(getattr(run, name)) for name in sweep.varied)]))
    return render(
        "sweep.html.j2",
        title="Sweep",
        run=sweep.name,
        sections=[("runs", "Runs"), *unmade, ("made", "How this was made")],
        file=sweep.file,
        finding=finding,
        picture=embed_figure(image),
        varied=sweep.varied,
        rows=rows,
        failed=failed,
        common={name: set_value(value) for name, value in common.items()},
        units=sorted({found.subject[1] for found in finished.values()}),
        dates=sorted({f"{date:%Y-%m-%d}" for date in dates.values() if date is not None}),
    )
