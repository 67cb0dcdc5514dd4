"""The source under every chart of a run names the publishers of what the chart draws, all of them and no other."""

import re
from functools import partial

import pandas as pd
import pytest
from cells import NOTEBOOKS, SAMPLE, run_notebook

from adoption_curves import forecast, indicators

DATA = NOTEBOOKS.parent / "data"
ENTITY, INDICATOR, BOUND, POPULATION = "China", "genai_users", "internet_users", "population_year_end"


def pick(data, entity, indicator, dates=None):
    """Rows of a series on these dates, or all exact ones."""
    rows = data.observations[(data.observations["entity"] == entity) & (data.observations["indicator"] == indicator)]
    return rows[rows["bound"] == "exact"] if dates is None else rows[rows["date"].isin(dates)]


def list_compared(data, figure):
    """The observations behind the marks of a comparison of countries, as pages tell them."""
    titles = data.indicators.set_index("title")["indicator"]
    told = [re.fullmatch(r"(.*), (\w+ \d{4}): [^,]*, (.*)", text) for texts in figure.told.values() for text in texts]
    rows = [pick(data, one[1], titles[one[3]]) for one in told]
    return [part[part["date"].dt.strftime("%B %Y") == one[2]] for part, one in zip(rows, told, strict=True)]


def list_drawn(data, tables, figures):
    """The observations that each figure draws, by its name."""
    series = data.series(ENTITY, INDICATOR, BOUND)
    values, newer = (pick(data, ENTITY, INDICATOR, part.index) for part in (series.values, series.newer))
    limit = pick(data, ENTITY, BOUND)
    limit = limit[limit["date"].between(series.values.index[0], series.values.index[-1])]
    people = pick(data, ENTITY, POPULATION).sort_values("date").tail(1)
    base = data.indicators.set_index("indicator")["base_indicator"]

    def list_shares(frame):
        keys = set(zip(frame["entity"], frame["indicator"], strict=True))
        others = keys - {(ENTITY, INDICATOR)}
        return [pick(data, *key) for key in keys] + [pick(data, entity, base[name]) for entity, name in others]

    rates = data.indicators.loc[data.indicators["rate_of"] != "", "indicator"]
    own = data.observations[data.observations["entity"] == ENTITY]
    roles = data.indicators.drop_duplicates("indicator").set_index("indicator")["role"]
    earlier = own["indicator"].map(roles).isin(["reference", "held_out", "base"])
    done = forecast.pick_finished(data.references(exclude=series))
    finished = pd.DataFrame([{"entity": done.entity, "indicator": done.indicator}])
    example, _ = forecast.pick_example(data.references())
    return {
        "01_coverage": [own[~own["indicator"].isin(rates) & ~earlier]],
        "01_others": [own[~own["indicator"].isin(rates) & earlier]],
        "02_levels": [values, newer, limit],
        "02_growth": [values],
        "02_aligned": [*list_shares(tables["02_aligned"]), limit],
        "02_countries": list_compared(data, figures["02_countries"]),
        "03_closing": list_shares(finished),
        "03_residuals": list_shares(finished),
        "03_profiles": [values, limit],
        "03_fits": [values, limit],
        "04_example": [pick(data, example.entity, example.indicator)],
        "04_skill": list_shares(tables["04_references"]),
        "04_calibration": list_shares(tables["04_references"]),
        "04_sides": list_shares(tables["04_references"]),
        "05_forecast": [values, newer, limit, people],
        "05_scale": [values, newer, limit],
        "05_ends": [values, newer, limit],
        "05_misses": list_shares(tables["04_backtest"]),
        "05_paths": [values, newer, limit],
        "05_hindcasts": [values, newer],
        "06_register": [values, newer],
    }


def shorten(name):
    """A publisher as a chart names it: by the letters that it is known by, without who reported it."""
    letters = re.search(r"\(([A-Z]+)\)", name)
    return letters[1] if letters else name


def read_publishers(figure):
    """Publishers that the line below a figure names, those of an axis at the right among them."""
    words = figure.around[2][1]
    named = re.match(r"Source: (.*?)\.(?: (?:Suspected|Right)|$)", words)
    beside = re.search(r"Right axis: .*\((.*)\)\.$", words)
    return {*named[1].split("; "), *([beside[1]] if beside else [])}


@pytest.fixture(scope="module", params=[SAMPLE, pytest.param(DATA, marks=pytest.mark.slow)], ids=["sample", "default"])
def run(request, executed, tmp_path_factory):
    """Data, and tables and figures by name of all notebooks: on the sample, and the default run."""
    default = partial(run_notebook, outputs=tmp_path_factory.mktemp("outputs"), data=str(DATA))
    run = executed if request.param == SAMPLE else default
    made = [run(number) for number in ("01", "02", "03", "04", "05", "06")]
    tables, figures = ({name: each for one in made for name, each in one[part].items()} for part in (1, 2))
    return indicators.load(request.param), tables, figures


def test_sources_are_those_of_what_is_drawn(run):
    data, tables, figures = run
    publisher = data.sources.set_index("source_id")["publisher"].map(shorten)
    drawn = list_drawn(data, tables, figures)
    assert set(figures) <= set(drawn)
    assert len(figures) >= 12
    for name, figure in figures.items():
        expected = set(pd.concat(drawn[name])["source_id"].map(publisher))
        assert read_publishers(figure) == expected, name


def test_the_axis_at_the_right_of_the_forecast_is_percent_of_the_population(run):
    axis = run[2]["05_forecast"].axes[0]
    [right] = axis.child_axes
    people = pick(run[0], ENTITY, POPULATION).sort_values("date")["value"].iloc[-1]
    low, high = axis.get_ylim()
    assert right.get_ylim() == pytest.approx((100 * low / people, 100 * high / people))
    assert all(label.get_text().endswith("%") for label in right.get_yticklabels())
