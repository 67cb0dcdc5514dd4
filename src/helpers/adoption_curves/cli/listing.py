"""Lines that `adoption list`, `runs` and `check` print."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ..base.words import escape, say_count

if TYPE_CHECKING:
    import pandas as pd

    from ..indicators import Data

_Choices: TypeAlias = Sequence[tuple[str, str]]
"""Options that say how to read a file, with their texts."""


def say_series(found: pd.DataFrame) -> list[dict[str, str]]:
    """Rows of `list_series` as texts for a terminal."""
    return [
        {
            "entity": row.entity,
            "indicator": row.indicator,
            "unit": row.unit,
            "figures": f"{row.n}",
            "span": f"{row.first:%Y-%m} to {row.last:%Y-%m}",
            "limit": row.limit,
            "last figure": f"{row.last_value:,.15g}",
        }
        for row in found.itertuples()
    ]


def say_profile(found: pd.DataFrame) -> list[str]:
    """Lines on what profile of use there is, of `count_profile`: a technology each, with figures by entity."""
    lines = []
    for technology, rows in found.groupby("technology", sort=False):
        places = ", ".join(f"{row.entity} {row.figures}" for row in rows.itertuples())
        lines.append(escape(f"Who uses {technology}, for what, in which firms (notebook 7), figures: {places}."))
    return lines


def summarise_data(data: Data) -> str:
    """Summary of ``data.path`` in one line: "x.csv holds 1 series of 1 entity, 6 figures, ..."."""
    if not data.own:
        return f"{data.path.name} holds no exact figure, so there is nothing to fit"
    own = [(entity, indicator) for entity, indicator in data.own if data.find_entry(indicator).role != "base"]
    entities = len({entity for entity, _ in own})
    exact = data.observations[data.observations["qualifier"] == "exact"]
    exact = exact.set_index(["entity", "indicator"])["date"]
    dates = exact[exact.index.isin(own)]
    return (
        f"{data.path.name} holds {len(own):,} series of {say_count(entities, 'entity', 'entities')}, "
        f"{say_count(len(dates), 'exact figure')} from {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}"
    )


def count_registered(data: Data) -> int:
    """Number of forecasts that are registered beside the data, without those of the baselines."""
    from ..forecast.register import BASELINES, KEY, read_register

    entries = read_register(data)
    return len(entries.loc[~entries["model"].isin(BASELINES), KEY].drop_duplicates())


def print_table(rows: list[dict[str, str]]) -> None:
    """Print rows under the names of their columns, each as wide as it needs; nothing where there are none."""
    if not rows:
        return
    columns = list(rows[0])
    cells = [columns, *([escape(str(row[column])) for column in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def write_run(data: Data, path: str, given: Iterable[tuple[str, str]], choices: _Choices) -> str:
    """The command that makes a run of data of one's own with the options of `adoption check`, for a shell.

    Of several series it names the first that the options leave.
    """
    from .. import indicators
    from ..indicators.user_file import name_indicator

    pairs, named = indicators.list_studied(data), dict(given)
    left = [pair for pair in pairs if (named.get("entity", pair[0]), named.get("indicator", pair[1])) == pair]
    first = dict(zip(("entity", "indicator"), (left or pairs)[0], strict=True)) if len(pairs) > 1 else {}
    words = ["adoption", "run", name_indicator(data.path.stem)[:64], "-p", "data", path]
    words += [word for name, value in first.items() if name not in named for word in ("-p", name, value)]
    return shlex.join(words + _write_options(given, choices))


def _write_options(given: Iterable[tuple[str, str]], choices: _Choices) -> list[str]:
    """Parameters and options as words of a command."""
    words = [word for name, value in given for word in ("-p", name, value)]
    return words + [word for name, value in choices for word in (f"--{name}", value)]


def say_sweep(data: Data, source: str) -> str:
    """The command that makes a report of each entity of a file, and compares them; "" for one entity."""
    from .. import indicators
    from ..indicators.user_file import name_indicator

    pairs = indicators.list_studied(data)
    entities = sorted({entity for entity, _ in pairs})
    if not data.is_beside or len(entities) < 2:
        return ""
    grid: dict[str, Any] = {"parameters": {"data": source}}
    if len({name for _, name in pairs}) > 1:
        grid["runs"] = [{"entity": entity, "indicator": name} for entity, name in pairs]
    else:
        grid["grid"] = {"entity": entities}
    name = name_indicator(data.path.stem)
    written = shlex.quote(json.dumps(grid, ensure_ascii=False))
    return f"echo {written} > {name}.yaml; adoption sweep {name}.yaml  (compared in outputs/{name}/index.html)"
