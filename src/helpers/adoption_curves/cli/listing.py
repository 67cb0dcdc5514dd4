"""Lines that `adoption list`, `runs` and `check` print."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ..base.formats import escape, format_count

if TYPE_CHECKING:
    import pandas as pd

    from ..indicators import Data

# Names and texts of the options that describe how to read a file.
_Choices: TypeAlias = Sequence[tuple[str, str]]


def format_series(series: pd.DataFrame) -> list[dict[str, str]]:
    """Rows of `list_series` as text."""
    first, last = (series[name].dt.strftime("%Y-%m") for name in ("first", "last"))
    rows = series.assign(observations=series["n"].astype(str), span=first + " to " + last)
    rows["last value"] = series["last_value"].map("{:,.15g}".format)
    return rows[["entity", "indicator", "unit", "observations", "span", "limit", "last value"]].to_dict("records")


def format_profile(counts: pd.DataFrame) -> list[str]:
    """Lines on the profile of use, from `count_profile`: one per technology, with the number of values by entity."""
    places = counts["entity"] + " " + counts["figures"].astype(str)
    listed = places.groupby(counts["technology"], sort=False).agg(", ".join)
    return [
        escape(f"Who uses {technology}, for what, in which firms (notebook 7), values: {text}.")
        for technology, text in listed.items()
    ]


def summarise_data(data: Data) -> str:
    """Summary of ``data.path`` in one line."""
    from .. import indicators

    if not data.own:
        return f"{data.path.name} has no exact observation, so there is nothing to fit"
    series, studied = indicators.list_series(data), indicators.list_studied(data)
    series = series[[pair in studied for pair in zip(series["entity"], series["indicator"], strict=True)]]
    entities = format_count(series["entity"].nunique(), "entity", "entities")
    values, first, last = series["n"].sum(), series["first"].min(), series["last"].max()
    return (
        f"{data.path.name} has {len(series):,} series of {entities}, {format_count(values, 'exact observation')} "
        f"from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    )


def count_registered(data: Data) -> int:
    """Number of registered forecasts in the data folder, without those of the benchmark methods."""
    from ..forecast.register import BASELINES, KEY, read_register

    entries = read_register(data)
    return len(entries.loc[~entries["model"].isin(BASELINES), KEY].drop_duplicates())


def print_table(rows: list[dict[str, str]]) -> None:
    """Print rows as a table with aligned columns; nothing if there are none."""
    if not rows:
        return
    columns = list(rows[0])
    cells = [columns, *([escape(str(row[column])) for column in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def write_run(data: Data, path: str, parameters: Iterable[tuple[str, str]], choices: _Choices) -> str:
    """Shell command for a run of your own data with the options of `adoption check`.

    If several series match, it names the first.
    """
    from .. import indicators
    from ..indicators.user_file import name_indicator

    pairs, named = indicators.list_studied(data), dict(parameters)
    left = [pair for pair in pairs if (named.get("entity", pair[0]), named.get("indicator", pair[1])) == pair]
    first = dict(zip(("entity", "indicator"), (left or pairs)[0], strict=True)) if len(pairs) > 1 else {}
    words = ["adoption", "run", name_indicator(data.path.stem)[:64], "-p", "data", path]
    words += [word for name, value in first.items() if name not in named for word in ("-p", name, value)]
    words += [word for name, value in parameters for word in ("-p", name, value)]
    return shlex.join(words + [word for name, value in choices for word in (f"--{name}", value)])


def format_sweep(data: Data, source: str) -> str:
    """Shell command for one run per entity of a file, and their comparison; "" for a single entity."""
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
    return f"echo {written} > {name}.yaml; adoption sweep {name}.yaml  (compared in outputs/{name}/comparison/)"
