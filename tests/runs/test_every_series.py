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


OWN = {
    "one after a break": "2019,10,,\n2020,19,,\n2021,31,,\n2022,44,,\n2023,60,,another question\n",
    "a limit after a break": "2019,10,,\n2020,19,,\n2021,31,,\n2022,44,,\n2023,50,at_least,another question\n",
    "0 after a break": "2019,10,,\n2020,19,,\n2021,31,,\n2022,44,,\n2023,0,,another question\n",
    "two breaks, and a fall": "2016,40,,\n2017,30,,\n2018,9,,another base\n2019,19,,\n2020,12,,\n2021,60,,a question\n",
    "a limit below the last figure": "2019,10,,\n2020,19,,\n2021,31,,\n2022,44,,\n2023,40,at_least,\n",
    "two limits": "2019,10,,\n2020,19,,\n2021,31,,\n2022,44,,\n2023,50,at_least,\n2024,70,at_most,\n",
}
"""Own files: date, value, qualifier, break."""


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["% of homes", "homes"])
@pytest.mark.parametrize("name", OWN)
def test_the_newest_figure_of_an_own_file_with_a_break_is_on_its_first_page(tmp_path, name, unit):
    path = tmp_path / "own.csv"
    path.write_text("date,value,qualifier,break\n" + OWN[name])
    text, study = read_page(tmp_path / "outputs", {"data": f"{path}?unit={unit}&measure=level"}, ["04", *SHOWN])
    assert not find_faults(text, study)
    if "break" in name:
        assert "We quote no forecast, because a forecast needs three usable values" in text
        assert "break" in {*study.read_table("06_key_numbers")["key"]}


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
