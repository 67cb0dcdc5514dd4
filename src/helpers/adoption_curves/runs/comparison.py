"""Finished runs side by side: read for the notebook `compare_runs`, whose page also sums up a sweep."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from ..base.files import write_file
from ..base.folders import lock_folder, refuse_foreign, replace_folder
from ..base.levels import band_columns, quoted_level, say_level
from ..base.project import RUNNER, RunError, Source, UserError, find_lab, find_outputs, shorten_path
from ..base.words import clean
from .ingredients import find_unnumbered
from .notebook_process import execute_notebook, preload
from .pages import is_foreign
from .pages.cleaning import hide_place
from .pages.index import say_value
from .parameters import ParameterError
from .record import (
    Entry,
    Record,
    entry_path,
    find_run,
    locate,
    read_part,
    read_sweep_record,
    read_unchanged,
    refuse_earlier,
)
from .study import Output
from .table_files import read_csv

_NOTEBOOK, _FIGURE_NAME = "compare_runs", "comparison"
_ENDINGS = ("csv", "data.csv", "narrow.svg", "pdf", "png", "svg")
FILES = {"index.html", *(f"{_FIGURE_NAME}.{kind}" for kind in (*_ENDINGS, "html"))}
MAX_RUNS = 6
"""Runs that a comparison by hand shows; a sweep sums up any number."""
_TEXT_COLUMNS = {"key", "label", "unit", "text", "method"}
_WITHHELD = "(middle|untested)_"
"""Key numbers of a run whose page gives no range: its forecasts are not set beside those of others."""


# ---- what the notebook reads ----------------------------------------------------------------------------------------


def open_comparison(runs: Sequence[str]) -> Output:
    """Return where the notebook writes its table and its figure; by hand that is ``outputs/lab/compare-RUN-RUN/``."""
    place = Path(os.environ.get(RUNNER, "") or find_lab() / _name_comparison(runs))
    rule = f"must be '{_FIGURE_NAME}': notebook {_NOTEBOOK} has one table and one figure."
    return Output(_NOTEBOOK, place, {"runs": list(runs)}, _FIGURE_NAME, rule)


def read_runs(names: Sequence[str]) -> tuple[dict[str, pd.DataFrame], list[str], dict[str, str]]:
    """Return what finished runs found, what else differs between them, and the runs that cannot be read.

    Parameters
    ----------
    names : sequence of str
        Each ``RUN`` or ``SWEEP/RUN``.

    Returns
    -------
    dict of DataFrame
        runs: run, title and unit of the indicator, entity, as_of, level (of the range that it quotes).
        parameters: run, item, label, text. numbers: run, item, label, value, low, high, unit, text.
        forecasts: run, title, level, date, value (the median), low, high (the quoted range), unit.
        observations: run, date, value.
    list of str
        Sentences.
    dict of str
        Message by run.

    Raises
    ------
    RunError
        If none of the runs can be read.
    """
    parts = defaultdict[str, list[pd.DataFrame]](list)
    records, failed = {}, dict[str, str]()
    for name in names:
        folder = find_run(name)
        try:
            record, found = _read_one(folder)
            refuse_earlier(folder, record)
        except UserError as error:
            failed[name] = read_sweep_record(folder.parent).failed.get(folder.name, str(error))
            continue
        records[name] = record
        for part, frame in found.items():
            parts[part].append(frame.assign(run=name)[["run", *frame.columns.drop("run", errors="ignore")]])
    if not records:
        raise RunError(f"None of the runs can be read. {next(iter(failed.values()), '')}")
    tables = {part: pd.concat(frames, ignore_index=True) for part, frames in parts.items()}
    texts = tables["parameters"].loc[tables["parameters"]["item"] == "data", "text"]
    said = texts.map(lambda text: Source.read(text).say())
    if said.nunique() == texts.nunique():  # two files of one name keep their paths
        tables["parameters"].loc[said.index, "text"] = said
    return tables, _list_warnings(records, tables["runs"]["level"]), failed


def _read_one(folder: Path) -> tuple[Record, dict[str, pd.DataFrame]]:
    """Return the record of the finished run in `folder`, and the parts of `read_runs` for it."""
    record = read_unchanged(folder, "tables")
    given = {key: value for key, value in record.parameters.items() if key != "run"}
    level = quoted_level(given["levels"])
    low, high = band_columns(level)
    about = {"title": record.subject["title"], "unit": record.subject["unit"], "level": level}
    numbers = _read_columns(folder, record, "key_numbers", ["key", "label", "value", "low", "high", "unit", "text"])
    numbers = numbers.drop_duplicates("key").rename(columns={"key": "item"})
    forecast = _read_columns(folder, record, "forecast", ["date", low, "q0.5", high, "unit"]).sort_values("date")
    if numbers["item"].str.match(_WITHHELD).any():
        forecast = forecast.iloc[:0]
    found = {
        "runs": pd.DataFrame([{**about, "entity": given["entity"], "as_of": given["as_of"]}]),
        "parameters": pd.DataFrame({"item": [*given], "label": [*given], "text": [*map(say_value, given.values())]}),
        "numbers": numbers,
        "forecasts": forecast.rename(columns={low: "low", "q0.5": "value", high: "high"}).assign(
            title=about["title"], level=level
        ),
        "observations": _read_columns(folder, record, "observations", ["date", "value"]).dropna().sort_values("date"),
    }
    return record, found


def _read_columns(folder: Path, record: Record, part: str, columns: list[str]) -> pd.DataFrame:
    """Return columns of a run's table as texts, numbers and dates; no rows where the record names no such table."""
    table, kinds = record.find_table(part), {"date": "datetime64[us]", **dict.fromkeys(_TEXT_COLUMNS, "str")}
    frame = pd.DataFrame(columns=columns)
    try:
        if table:
            frame = read_csv(locate(folder, f"tables/{table}.csv"), record.tables[table].columns)[columns]
        frame = frame.astype({column: kinds.get(column, "float64") for column in columns})
    except (LookupError, ValueError) as error:
        raise RunError(f"Table {table} of run '{folder.name}' has another form. Make the run again.") from error
    texts = [column for column in columns if column in _TEXT_COLUMNS]
    return frame.assign(**{column: frame[column].fillna("").map(clean) for column in texts})


def _list_warnings(records: Mapping[str, Record], levels: pd.Series) -> list[str]:
    """Return sentences on other differences: levels of ranges, versions of the data, the package or the libraries."""
    first, *others = records.values()
    doubts = []
    if levels.nunique() > 1:
        said = " and ".join(map(say_level, sorted(levels.unique())))
        doubts.append(f"The runs quote ranges of different levels ({said}): a wider range is no sign of more doubt.")
    if any(each.data.path != first.data.path for each in others):
        doubts.append("The runs were made from different data (parameter `data`).")
    elif any(each.data.files != first.data.files for each in others):
        doubts.append(
            "The runs were made from different versions of the data: a difference below may come from a changed "
            "figure, not from a parameter. Make the older run again to tell."
        )
    code = [
        (each.helpers, each.versions, [entry.source for entry in each.notebooks.values()]) for each in records.values()
    ]
    if any(each != code[0] for each in code):
        doubts.append(
            "The runs were made with different versions of the notebooks, the helpers or the libraries: make the older "
            "run again to compare parameters alone."
        )
    return doubts


# ---- its page -------------------------------------------------------------------------------------------------------


def compare_runs(names: Sequence[str], into: Path | None = None) -> Path:
    """Folder of a comparison of finished runs: ``comparison.csv``, a figure and ``index.html``, written atomically.

    Parameters
    ----------
    names : sequence of str
        Two to `MAX_RUNS` runs, each ``RUN`` or ``SWEEP/RUN``.
    into : Path, optional
        Folder to write to; by default ``outputs/compare-<names>``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ParameterError
        If fewer than two runs are named, too many, or one twice.
    RunError
        If a run isn't finished or can't be read, or the folder holds something else than a comparison.
    adoption_curves.runs.notebook_process.NotebookFailed
        If the notebook fails.
    """
    names = [find_run(name).relative_to(find_outputs()).as_posix() for name in names]
    if len(names) < 2:
        raise ParameterError("a comparison needs two runs or more, as in: adoption compare baseline other")
    if len(names) > MAX_RUNS:
        raise ParameterError(
            f"a comparison shows {MAX_RUNS} runs at most, and {len(names)} are named; name fewer, or write a sweep: "
            "adoption sweep FILE"
        )
    if len({*names}) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ParameterError(f"run '{twice}' is named twice; name each run once")
    data = [_read_one(find_run(name))[0].parameters["data"] for name in names]  # before anything is executed
    final = into or find_outputs() / _name_comparison(names)
    with lock_folder(final, "comparison") as shop:
        if final.exists() and not final.is_dir():
            raise RunError(f"{shorten_path(final)} is no folder. Move it away, or choose another with --into.")
        refuse_foreign(final, _list_own(final))
        command = f"adoption compare {' '.join(names)}"
        for name, content in make_report(names, final, command, data, shop).items():
            write_file(shop / "new" / name, content)
        replace_folder(final, shop / "new")
    return final


def _name_comparison(names: Sequence[str]) -> str:
    """Return the name of the folder for a comparison of these runs, at most 64 characters."""
    name = f"compare-{'-'.join(names)}".replace("/", "-")
    return name if len(name) <= 64 else f"{name[:55]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _list_own(folder: Path) -> set[str]:
    """Return the files of a comparison in a folder: those with these names, beside a page that this package made."""
    page = folder / "index.html"
    return FILES if page.is_file() and not is_foreign(page) else set()


def make_report(
    names: Sequence[str], folder: Path, command: str, data: Collection[str], shop: Path
) -> dict[str, bytes]:
    """Execute the notebook on finished runs, and make its page.

    Parameters
    ----------
    names : sequence of str
    folder : Path
        Folder of the page: it links to runs in the same outputs.
    command : str
        Command that makes it again, for the page.
    data : collection of str
        Data of the runs, whose paths on this machine the page does not show.
    shop : Path
        Workshop of the folder.

    Returns
    -------
    dict
        The page, ``index.html``, the figure alone, table and figure by the names of their files.

    Raises
    ------
    adoption_curves.runs.notebook_process.NotebookFailed
    """
    from .pages import render_report

    source, outputs = find_unnumbered(_NOTEBOOK), find_outputs()
    linked = names if folder.is_relative_to(outputs) else []
    pages = {name: locate(find_run(name), "html/index.html") for name in linked}
    links = {name: Path(os.path.relpath(page, folder)).as_posix() for name, page in pages.items() if page.exists()}
    preload()
    report, failed = shop / "report", outputs / "lab" / f"{_NOTEBOOK}.partial.ipynb"
    target = locate(report, f"notebooks/{source.name}")
    target.parent.mkdir(parents=True)
    execute_notebook(source, target, {"runs": list(names)}, failed, outputs, pdf=True)
    for path in (failed, failed.with_suffix(".html")):  # of an attempt that failed
        path.unlink(missing_ok=True)
    written = read_part(entry_path(report, _NOTEBOOK), Entry).files
    files = {Path(path).name: locate(report, path).read_bytes() for path in written}
    files |= {name: page.encode() for name, page in render_report(report, _NOTEBOOK, links, command).items()}
    texts = {name: content for name, content in files.items() if name.endswith((".html", ".csv"))}
    return files | {name: hide_place(content.decode(), *data).encode() for name, content in texts.items()}
