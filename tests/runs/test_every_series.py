"""The newest figure of every series is on its first page, and every newer one that a forecast does not use."""

import contextlib
import io

import pandas as pd
import pytest
from cells import NOTEBOOKS, execute_cells
from matplotlib import pyplot

from adoption_curves import indicators
from adoption_curves.base.formats import format_bound, format_newest, format_unit
from adoption_curves.runs.parameters import complete_parameters, read_parameters

SHOWN = ["01", "02", "03", "05", "06"]


def read_page(outputs, given, notebooks=SHOWN):
    """The sentences and numbers of a series' first page, whose notebooks run in this process."""
    chosen = complete_parameters(read_parameters({"run": "every", **given}))
    with contextlib.redirect_stdout(io.StringIO()):
        for number in notebooks:
            [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
            names, _ = execute_cells(path, outputs, chosen.model_dump())
            pyplot.close("all")
    study = names["study"]
    return " ".join(study.read_table("06_key_numbers")["text"].dropna()), study


def write(row, unit, own):
    """A figure as its page writes it, without its unit."""
    if row["qualifier"] == "exact":
        return format_newest(row["value"], unit, own).removesuffix(format_unit(unit))
    return format_bound(row, unit, own=own).removesuffix(format_unit(unit))


def find_faults(text, study):
    """What the page of a series does not name: of figures its newest, and those after the last exact one."""
    data, chosen = study.data, study.parameters
    rows = data.find_rows(chosen.entity, chosen.indicator).sort_values("date")
    exact = rows.loc[rows["qualifier"] == "exact", "date"].max()
    wanted = rows[(rows["date"] > exact) | (rows["date"] == rows["date"].max())] if pd.notna(exact) else rows.tail(1)
    own = data.is_own(chosen.entity, chosen.indicator)
    told = [write(row, study.series.unit, own) for _, row in wanted.iterrows()]
    return [figure for figure in told if figure not in text]


@pytest.mark.slow
@pytest.mark.every
def test_the_newest_figure_of_every_series_is_on_its_first_page(tmp_path):
    faults, rows = {}, indicators.load().observations  # those of which no exact figure is known too
    for place, (entity, indicator) in enumerate(sorted({*zip(rows["entity"], rows["indicator"], strict=True)})):
        given = {"entity": entity, "indicator": indicator}
        try:
            text, study = read_page(tmp_path, given, ["04", *SHOWN] if place == 0 else SHOWN)
            missing = find_faults(text, study)
        except Exception as error:  # noqa: BLE001  each that fails is named
            missing = repr(error)
        if missing:
            faults[entity, indicator] = missing
    assert not faults
