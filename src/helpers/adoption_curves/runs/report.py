"""One report of several runs, of `adoption compare` and of a sweep: a table with a row a run, a figure, a page."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.files import write_file
from ..base.folders import lock_folder, refuse_foreign, replace_folder
from ..base.levels import band_columns, quoted_level, say_level
from ..base.project import RunError, Source, UserError, find_outputs
from ..base.words import clean, say, say_count, say_first, say_name, say_range
from .manifest import Manifest, find_run, locate, read_unchanged, refuse_earlier
from .pages import is_foreign, render_report
from .pages.cleaning import hide_place
from .pages.index import say_value
from .parameters import ParameterError, Parameters
from .table_files import read_csv, write_csv

NAME = "comparison"
FILES = {"index.html", *(f"{NAME}.{kind}" for kind in ("csv", "narrow.svg", "png", "svg"))}
_MOST_DRAWN, _MOST_SHOWN = 6, 300
"""Runs that a figure shows, and a page; the table has all."""
_TEXT_COLUMNS = {"key", "label", "unit", "text", "basis", "qualifier"}
_WITHHELD = "(median|untested)_"
"""Key numbers of a run whose page gives no range: its forecasts are not set beside those of others."""


def compare_runs(names: Sequence[str]) -> Path:
    """Folder ``outputs/compare-<names>`` of a report of finished runs: a table, a figure, a page, put in place whole.

    Parameters
    ----------
    names : sequence of str
        Two runs or more, each ``RUN`` or ``SWEEP/RUN``.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        If fewer than two runs are named, or one twice.
    RunError
        If a run isn't finished or can't be read, or the folder holds something else than a report.
    """
    names = [find_run(name).relative_to(find_outputs()).as_posix() for name in names]
    if len(names) < 2:
        raise ParameterError("a comparison needs two runs or more, as in: adoption compare baseline other")
    if twice := [name for name in {*names} if names.count(name) > 1]:
        raise ParameterError(f"run '{twice[0]}' is named twice; name each run once")
    for name in names:
        read_unchanged(find_run(name), "tables")
    title = f"compare-{'-'.join(names)}".replace("/", "-")
    if len(title) > 64:
        title = f"{title[:55]}-{hashlib.sha256(title.encode()).hexdigest()[:8]}"
    final = find_outputs() / title
    with lock_folder(final, "comparison") as shop:
        page = final / "index.html"
        refuse_foreign(final, FILES if page.is_file() and not is_foreign(page) else ())
        for name, content in make_report(names, final, f"adoption compare {' '.join(names)}", {}, shop).items():
            write_file(shop / "new" / name, content)
        replace_folder(final, shop / "new")
    return final


def make_report(
    names: Sequence[str], folder: Path, command: str, failed: Mapping[str, str], shop: Path
) -> dict[str, bytes]:
    """Table, figure and page of finished runs, by the names of their files.

    Parameters
    ----------
    names : sequence of str
        Each ``RUN`` or ``SWEEP/RUN``.
    folder : Path
        Folder of the page, in the outputs.
    command : str
        Command that makes it again, for the page.
    failed : mapping
        Why there is no such run, by name.
    shop : Path
        Workshop of the folder.

    Returns
    -------
    dict
        Empty if none of the runs can be read.
    """
    from ..show.figures import several_runs
    from ..show.figures.images import draw_images

    # Read the runs; of one that can't be read the page says why.
    found, failed = dict[str, _Found](), dict(failed)
    for name in names:
        try:
            found[name] = _Found(name)
        except UserError as error:
            failed.setdefault(name, str(error))
    if not found:
        return {}
    records, is_long = [each.record for each in found.values()], len(found) > _MOST_DRAWN
    # Set them side by side in a table, and draw them if they are few.
    forecasts = pd.concat([each.forecasts for each in found.values()], ignore_index=True)
    table, shown = _set_side_by_side(found, forecasts, several_runs.pick_shared(forecasts))
    files, told = {f"{NAME}.csv": write_csv(NAME, table)[0]}, several_runs.say_forecasts(forecasts)
    figure = None if is_long else several_runs.draw_forecasts(forecasts)
    if figure is not None:
        files |= {f"{NAME}.{kind}": image for kind, image in draw_images(figure, told, narrow=True, pdf=False)}
    # The page says once what all have; few runs are its columns, many are its rows, without their key numbers.
    same = {name: shown[name].iloc[0] for name in shown if name != "forecast" and shown[name].nunique() == 1}
    shown = shown.drop(columns=[*same])
    if is_long:
        shown = shown[[name for name in shown if name in ("forecast", *Parameters.model_fields)]]
    page = render_report(
        shop,
        files,
        title=f"{say_count(len(found), 'run')} side by side",
        told=told,
        doubts=_list_doubts(records),
        failed=failed,
        shown=(shown if is_long else shown.T).iloc[:_MOST_SHOWN],
        left_out=max(0, len(found) - _MOST_SHOWN),
        same=same,
        links=_link_pages(names, folder),
        command=command,
    )
    texts = {f"{NAME}.csv": files[f"{NAME}.csv"].decode(), "index.html": page}
    data = [record.parameters["data"] for record in records]
    return files | {name: hide_place(text, *data).encode() for name, text in texts.items()}


def _link_pages(names: Sequence[str], folder: Path) -> dict[str, str]:
    """Addresses of the first pages of runs from a folder, by run; a run that has none is left out."""
    pages = {name: locate(find_run(name), "html/index.html") for name in names}
    return {name: Path(os.path.relpath(path, folder)).as_posix() for name, path in pages.items() if path.exists()}


class _Found:
    """What a finished run found: its record, parameters, key numbers, forecasts, and the figures before them."""

    def __init__(self, name: str):
        self.folder = find_run(name)
        self.record = read_unchanged(self.folder, "tables")
        refuse_earlier(self.folder, self.record)
        self.given = {key: value for key, value in self.record.parameters.items() if key != "run"}
        level = quoted_level(self.given["levels"])
        low, high = band_columns(level)
        self.numbers = self._read("key_numbers", ["key", "label", "value", "text"]).drop_duplicates("key")
        columns = ["date", "basis", "q0.5", low, high, "unit"]
        forecasts = pd.DataFrame(columns=columns)
        if not self.numbers["key"].str.match(_WITHHELD).any():
            forecasts = self._read("forecast", columns).sort_values("date")
        forecasts = forecasts.rename(columns={low: "low", "q0.5": "value", high: "high"})
        self.forecasts = forecasts.assign(run=name, title=self.record.subject["title"], level=level)
        self.observations = self._read("observations", ["date", "value", "qualifier"]).dropna().sort_values("date")

    def _read(self, part: str, columns: list[str]) -> pd.DataFrame:
        """Columns of a table as texts, numbers and dates; no rows where the record names no such table."""
        table, kinds = self.record.find_table(part), {"date": "datetime64[us]", **dict.fromkeys(_TEXT_COLUMNS, "str")}
        frame = pd.DataFrame(columns=columns)
        try:
            if table:
                whole = read_csv(locate(self.folder, f"tables/{table}.csv"), self.record.tables[table].columns)
                frame = whole[columns] if len(whole) else frame  # of few figures a forecast has no row, nor a range
            frame = frame.astype({column: kinds.get(column, "float64") for column in columns})
        except (LookupError, ValueError) as error:
            told = f"Table {table} of run '{self.folder.name}' has another form. Make the run again."
            raise RunError(told) from error
        return frame.assign(**{name: frame[name].fillna("").map(clean) for name in columns if name in _TEXT_COLUMNS})


def _set_side_by_side(
    found: Mapping[str, _Found], forecasts: pd.DataFrame, shared: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table with a row a run, for programs, and the same in words, for the page.

    The forecast is of the date that all runs of one indicator `shared`; where there is none, each its own.
    """
    index = pd.Index(found, name="run")
    given = pd.DataFrame([{name: say_value(value) for name, value in each.given.items()} for each in found.values()])
    given = given.set_index(index)
    if (said := given["data"].map(lambda text: Source.read(text).say())).nunique() == given["data"].nunique():
        given["data"] = said  # two files of one name keep their paths
    ends = shared if len(shared) else forecasts.groupby("run").tail(1)
    ends = ends.set_index("run")[["date", "value", "low", "high", "level", "unit"]].rename(columns={"value": "median"})
    words = {row.Index: f"{say(row.median, row.unit)} ({say_range(row.low, row.high)})" for row in ends.itertuples()}
    dated = {row.Index: f"{row.date:%Y-%m-%d}: {words[row.Index]}" for row in ends.itertuples()}
    numbers = pd.concat({name: each.numbers.set_index("key") for name, each in found.items()}, names=["run"])
    numbers = numbers[~numbers.index.get_level_values("key").str.startswith("forecast_")]
    values = numbers["value"].astype(object).where(numbers["value"].notna(), numbers["text"]).unstack(sort=False)
    shown = given.copy()
    shown.insert(0, "forecast", [dated.get(name, "none") for name in found])
    for key, rows in numbers.groupby("key", sort=False):
        text = rows.droplevel("key")
        heading = text["label"].iloc[0]
        if text["label"].nunique() > 1:
            heading, text = say_first(say_name(key)), text.assign(text=text["label"] + ": " + text["text"])
        shown[heading] = text["text"].reindex(index).fillna("")
    values = values.drop(columns=["run", *given, *ends], errors="ignore")  # as a stranger's may be called
    values = values.reindex(index)
    return pd.concat([given.replace("–", ""), ends.reindex(index), values], axis="columns"), shown


def _list_doubts(records: Sequence[Manifest]) -> list[str]:
    """Sentences on other differences: versions of the data, the package or the libraries."""
    doubts, first = [], records[0]
    levels = sorted({quoted_level(each.parameters["levels"]) for each in records})
    if len(levels) > 1:
        said = " and ".join(map(say_level, levels))
        doubts.append(f"The runs quote ranges of different levels ({said}): a wider range is no sign of more doubt.")
    alike = [each for each in records if each.data.path == first.data.path]
    if any(each.data.files != first.data.files for each in alike):
        doubts.append(
            "The runs were made from different versions of the data: a difference below may come from a changed "
            "figure, not from a parameter. Make the older run again to tell."
        )
    code: list[Any] = [
        (each.helpers, each.versions, [one.source for one in each.notebooks.values()]) for each in records
    ]
    if any(each != code[0] for each in code):
        doubts.append(
            "The runs were made with different versions of the notebooks, the helpers or the libraries: make the older "
            "run again to compare parameters alone."
        )
    return doubts
