"""Comparison of finished runs: a table with a row for each run, a chart of their forecasts, and a page."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.files import write_file
from ..base.folders import lock_folder, move_unlisted, replace_folder, write_list
from ..base.formats import clean, format_count, format_long_date, format_number, format_range
from ..base.headline import find_goal
from ..base.levels import band_columns, format_level, quoted_level
from ..base.project import RECORD, RunError, find_outputs
from .manifest import find_run, find_table, list_tables, locate, read_unchanged
from .pages import format_axis_value, render
from .parameters import ParameterError
from .table_files import read_csv, write_csv

NAME = "comparison"
# Largest number of runs in the chart; page and table have all.
_MOST_DRAWN = 60
# Largest number of letters in the name of the folder, and of a run in the chart.
_MOST_LETTERS = 64
# Columns of the table before those of the parameters.
_COLUMNS = ("run", "title", "unit", "last_date", "last_value", "date", "median", "low", "high", "level")


def compare_runs(names: Sequence[str]) -> tuple[Path, list[str]]:
    """Compare finished runs in ``outputs/compare-<names>``: a table, a chart and a page.

    Parameters
    ----------
    names : sequence of str
        Two runs or more, each ``RUN`` or ``SWEEP/RUN``.

    Returns
    -------
    Path and list of str
        The folder, and a message if files of a user were moved out of it.

    Raises
    ------
    ParameterError
        If fewer than two runs are named, or one twice.
    UserError
        If a run isn't finished, can't be read or was edited, or a file or a link is in the folder's place.
    """
    names = [find_run(name).relative_to(find_outputs()).as_posix() for name in names]
    if len(names) < 2 or len({*names}) < len(names):
        raise ParameterError("a comparison needs two runs or more, each named once: adoption compare baseline other")
    title = f"compare-{'-'.join(names)}".replace("/", "-")
    if len(title) > _MOST_LETTERS:
        title = f"{title[:55]}-{hashlib.sha256(title.encode()).hexdigest()[:8]}"
    rows = [read_row(name) for name in names]
    return find_outputs() / title, write_comparison(find_outputs() / title, rows, {})


def read_row(name: str) -> dict[str, Any]:
    """Last observation, forecast and parameters of a run, for a comparison.

    Parameters
    ----------
    name : str
        ``RUN`` or ``SWEEP/RUN``.

    Returns
    -------
    dict
        run, title, unit, last_date, last_value (in that unit), level of the interval, parameters (as texts), made_from,
        and forecast: a list of rows with date, median, low, high and basis, empty if the run has no forecast.

    Raises
    ------
    UserError
        If there is no such run, or its tables or parameters were edited.
    """
    record = read_unchanged(find_run(name), "tables/", RECORD)
    level = quoted_level(record["parameters"]["levels"])
    low, high = band_columns(level)
    observations = _read_table(name, record, "observations", "date", "value")
    last = observations.dropna(subset=["value"]).sort_values("date")[-1:]
    forecast = _read_table(name, record, "forecast", "date", "q0.5", "basis")
    forecast = forecast[forecast["basis"] != "refuted"].rename(columns={"q0.5": "median", low: "low", high: "high"})
    sources = [entry["made_from"].get("the notebook") for entry in record["notebooks"].values()]
    return {
        "run": name,
        "title": clean(record["subject"].get("title", "")),
        "unit": clean(record["subject"].get("unit", "")),
        "last_date": last["date"].max(),
        "last_value": last["value"].max(),
        "level": level,
        "parameters": {
            key: format_axis_value(key, value) for key, value in record["parameters"].items() if key != "run"
        },
        "made_from": repr([record["data"]["files"], sources, record["helpers"], record["versions"]]),
        "forecast": forecast.reindex(columns=["date", "median", "low", "high", "basis"]).to_dict("records"),
    }


def _read_table(name: str, record: Mapping[str, Any], part: str, *columns: str) -> pd.DataFrame:
    """Table of a run with these columns; without rows if the run has no such table."""
    table, frame = find_table(record, part), pd.DataFrame()
    try:
        if table:
            frame = read_csv(locate(find_run(name), f"tables/{table}.csv"), list_tables(record)[table]["columns"])
        if frame.empty:
            frame = pd.DataFrame(columns=[*columns])
        return frame.assign(date=pd.to_datetime(frame[[*columns]]["date"]))
    except (LookupError, ValueError) as error:
        raise RunError(f"Table {table} of run '{name}' has another form. Make the run again.") from error


def write_comparison(folder: Path, rows: Sequence[Mapping[str, Any]], missing: Mapping[str, str]) -> list[str]:
    """Write the table, the chart and the page of a comparison, all of them or none.

    Parameters
    ----------
    folder : Path
    rows : sequence of mapping
        From `read_row`.
    missing : mapping
        Runs that could not be made, each with the reason.

    Returns
    -------
    list of str
        A message if files of a user were moved out of the folder.
    """
    with lock_folder(folder, "comparison") as workshop:
        new, table = workshop / "new", _tabulate(rows)
        texts = pd.DataFrame({row["run"]: row["parameters"] for row in rows}).T
        write_file(new / f"{NAME}.csv", write_csv(NAME, table.join(texts, on="run"))[0])
        alt = _draw(new, table)
        texts.insert(0, "forecast", [_format_forecast(row) for row in table.to_dict("records")])
        texts = texts.map(clean)
        same = {name: texts[name].iloc[0] for name in texts if texts[name].nunique() == 1}
        page = render(
            "compare.html.j2",
            alt=alt,
            chart=b64encode((new / f"{NAME}.svg").read_bytes()).decode() if alt else "",
            title=f"{format_count(len(rows), 'run')} side by side" if rows else "No run was made",
            doubt=len({row["made_from"] for row in rows}) > 1,
            shown=texts.drop(columns=[*same]),
            links={row["run"]: os.path.relpath(find_run(row["run"]) / "html" / "index.html", folder) for row in rows},
            same=same,
            missing=missing,
        )
        write_file(new / "index.html", page.encode())
        write_list(new)
        kept = move_unlisted(folder, folder)
        replace_folder(folder, new)
    return kept


def _tabulate(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Table of the last observation and one forecast of each run.

    The forecast is for the earliest date that the headline of a run quotes, or, of a run that has none for that date,
    for the date of its own headline.
    """
    goals = [find_goal(row["forecast"]) if row["forecast"] else {} for row in rows]
    first = min((goal["date"] for goal in goals if goal), default=None)
    lines = []
    for row, goal in zip(rows, goals, strict=True):
        shared = [end for end in row["forecast"] if end["date"] == first]
        lines.append({**row, **(shared or [goal])[0]})
    numbers = dict.fromkeys(("last_value", "median", "low", "high", "level"), float)
    kinds = {"last_date": "datetime64[us]", "date": "datetime64[us]", **numbers}
    return pd.DataFrame(lines, columns=[*_COLUMNS]).astype(kinds)


def _format_forecast(row: Mapping[str, Any]) -> str:
    """Date, median and prediction interval in a row of the table, as text."""
    if pd.isna(row["median"]):
        return "none"
    text = f"{format_long_date(row['date'])}: {format_number(row['median'], row['unit'])}"
    if pd.isna(row["low"]):
        return text
    return f"{text} ({format_level(row['level'])} interval {format_range(row['low'], row['high'])})"


def _draw(new: Path, table: pd.DataFrame) -> str:
    """Draw the medians and intervals of the runs, with a panel for each title and unit.

    Returns the alternative text; "" if there is no forecast, and so no chart.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from ..show.figures.images import draw_images

    drawn = table[table["median"].notna()][:_MOST_DRAWN]
    if drawn.empty:
        return ""
    panels, dates = list(drawn.groupby(["title", "unit"], sort=False)), drawn["date"].unique()
    when = f" for {format_long_date(dates[0])}" if len(dates) == 1 else ""
    bars = f"{' and '.join(dict.fromkeys(map(format_level, drawn['level'])))} prediction intervals (bars)"
    alt = f"Forecasts of {format_count(len(drawn), 'run')}{when}: medians (points) and {bars}"
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever a matplotlibrc or an earlier chart may have set
        mpl.rcParams |= {"text.parse_math": False, "axes.spines.right": False, "axes.spines.top": False}
        figure = Figure(figsize=(7.4, 0.6 + 0.7 * len(panels) + 0.25 * len(drawn)), layout="constrained")
        axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=[len(rows) for _, rows in panels])[:, 0]
        figure.suptitle(alt, ha="left", x=0.02, size="medium")
        for axis, ((title, unit), rows) in zip(axes, panels, strict=True):
            places, names = range(len(rows)), rows["run"].str.rpartition("/")[2].str[-_MOST_LETTERS:]
            axis.hlines(places, rows["low"], rows["high"], lw=3, alpha=0.45)
            axis.plot(rows["median"], places, "o")
            axis.set_yticks(places, names if when else names + ", " + rows["date"].map(format_long_date))
            axis.set(ylim=(len(rows) - 0.4, -0.6), xlabel=f"{title}, {unit}")
            axis.set_xlim(left=0)
            axis.xaxis.set_major_formatter("{x:,g}")
        for kind, image in draw_images(figure, alt):
            write_file(new / f"{NAME}.{kind}", image)
    return alt
