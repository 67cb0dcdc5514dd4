"""Runs side by side: a table of all that differs, a figure of their forecasts, and a page.

Rooms: ``reading`` reads finished runs, ``differences`` finds what differs, ``page`` writes the page.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from helpers.compare.differences import list_differences
from helpers.compare.page import build_page
from helpers.compare.reading import FinishedRun, find_run, read_run
from helpers.figures.comparisons import MOST_LINES, Forecast, draw_forecasts, draw_runs, group_subjects, say_forecasts
from helpers.figures.images import draw_images
from helpers.figures.style import Exhibit
from helpers.parameters import ParameterError
from helpers.project import (
    RunError,
    find_outputs,
    follow_link,
    hold_folder,
    replace_folder,
    restore_folder,
    shorten_path,
    write_file,
)
from helpers.run import write_csv

__all__ = ["FinishedRun", "compare_runs", "draw_comparison", "find_run", "list_forecasts", "read_run"]

FILES = {"index.html", "comparison.csv", "comparison.png", "comparison.svg", "comparison.pdf"}
SOURCE = "Source: the runs' tables 05_forecast and 06_key_numbers; each run's pages name the publishers of its data"


def compare_runs(names: Sequence[str], into: Path | None = None) -> Path:
    """Compare finished runs, and write ``comparison.csv``, a figure and ``index.html``, whole or not at all.

    Parameters
    ----------
    names : sequence of str
        Two runs or more, each ``RUN`` or ``SWEEP/RUN``.
    into : Path, optional
        Folder to write to; by default ``outputs/compare-<names>``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ParameterError
        If fewer than two runs are named, or one twice.
    RunError
        If a run isn't finished or can't be read, or the folder holds something else than a comparison.
    """
    names = [name.strip("/") for name in names]
    folders = {name: find_run(name) for name in names}
    if len(names) < 2:
        raise ParameterError("a comparison needs two runs or more, as in: adoption compare baseline other")
    if len(folders) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ParameterError(f"run '{twice}' is named twice; name each run once")
    runs = [read_run(name, folder) for name, folder in folders.items()]
    final = into or find_outputs() / name_comparison(names)
    with hold_folder(final, "comparison"):
        restore_folder(final, list_own)
        _check_replaceable(final)
        with tempfile.TemporaryDirectory(dir=follow_link(final).parent, prefix=f".{final.name}.") as place:
            working = Path(place) / final.name
            _write(runs, working, final)
            replace_folder(final, working, list_own)
    return final


def name_comparison(names: Sequence[str]) -> str:
    """Name of the folder for a comparison of these runs, at most 64 characters."""
    name = "compare-" + "-".join(names).replace("/", "-")
    return name if len(name) <= 64 else f"{name[:55]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def list_own(*_: Path) -> set[str]:
    """The files of a comparison."""
    return FILES


def _check_replaceable(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and {path.name for path in folder.iterdir()} <= FILES):
        raise RunError(
            f"{shorten_path(folder)} exists and doesn't look like a comparison. Move it away, or choose another folder "
            "with --into."
        )


def _write(runs: Sequence[FinishedRun], working: Path, final: Path) -> None:
    differences = list_differences(runs)
    write_file(working / "comparison.csv", write_csv("comparison", differences)[0])
    images = {}
    forecasts = list_forecasts(runs)
    if forecasts:
        figure, alt = draw_comparison(forecasts)
        images = dict(draw_images(figure, alt))
        for kind, image in images.items():
            write_file(working / f"comparison.{kind}", image)
    page = build_page(runs, differences, forecasts, images.get("png"), final)
    write_file(working / "index.html", page.encode("utf-8"))


def list_forecasts(runs: Sequence[FinishedRun]) -> list[Forecast]:
    """What the figures draw of the runs that have a forecast."""
    return [Forecast(run.name, run.subject, run.forecast, run.observations) for run in runs if len(run.forecast)]


def draw_comparison(forecasts: Sequence[Forecast]) -> tuple[Exhibit, str]:
    """The figure of a comparison and its alternative text: over time for a few runs, at one date for many."""
    title = say_forecasts(forecasts)
    if max(map(len, group_subjects(forecasts).values())) <= MOST_LINES:
        figure = draw_forecasts(forecasts, SOURCE)
    else:
        figure = draw_runs(forecasts, title, SOURCE)
    return figure, f"Forecasts of {', '.join(each.name for each in forecasts)}. {title}."
