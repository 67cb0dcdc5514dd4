"""What every figure of a run names below itself: the publishers of what it draws; and how its letters look.

Figures are found by themselves; `list_drawn` has those whose data are not the series and its limit.
"""

import re
from functools import partial

import pandas as pd
import pytest
from cells import NOTEBOOKS, SAMPLE, run_notebook
from collisions import find_collisions, list_texts

from adoption_curves import indicators
from adoption_curves.forecast.hindcasts import find_finished
from adoption_curves.show.figures import style

DATA = NOTEBOOKS.parent / "data"
ENTITY, INDICATOR, LIMIT, POPULATION = "China", "genai_users", "internet_users", "population_year_end"
ELEVEN_PIXELS = 11 * 72 / 96  # points
COLOURS = r"(?i)\b(black|white|gr[ea]y|blue|orange|green|red|purple|pale|dark|light)\b"


def pick(data, entity, indicator):
    """Exact rows of a series."""
    rows = data.observations[(data.observations["entity"] == entity) & (data.observations["indicator"] == indicator)]
    return rows[rows["qualifier"] == "exact"]


def list_compared(data, picked):
    """The observations behind the countries compared."""
    rows = [(pick(data, row.entity, row.indicator), row.date) for row in picked.itertuples()]
    return [part[part["date"] == date] for part, date in rows]


def list_drawn(data, tables, picked, example):
    """The observations that a figure draws, by its name, where they are others than the series and its limit.

    `picked` are the rows of 02_countries that are drawn, `example` those of the forecast that is an example.
    """
    limit, base = pick(data, ENTITY, LIMIT), data.indicators.set_index("indicator")["base_indicator"]

    def list_shares(frame):
        keys = set(zip(frame["entity"], frame["indicator"], strict=True))
        others = keys - {(ENTITY, INDICATOR)}
        return [pick(data, *key) for key in keys] + [pick(data, entity, base[name]) for entity, name in others]

    own = data.observations[data.observations["entity"] == ENTITY]
    roles = data.indicators.drop_duplicates("indicator").set_index("indicator")["role"]
    earlier = own["indicator"].map(roles).isin(["reference", "held_out", "early", "base"])
    done = find_finished(data.references(exclude=data.series(ENTITY, INDICATOR, LIMIT)))
    finished = list_shares(pd.DataFrame([{"entity": done.entity, "indicator": done.indicator}]))
    tested = list_shares(tables["04_comparison_technologies"])
    return {
        "01_coverage": [own[~earlier]],
        "01_others": [own[earlier]],
        "02_aligned": [*list_shares(tables["02_aligned"]), limit],
        "02_countries": list_compared(data, picked),
        "03_closing": finished,
        "03_residuals": finished,
        "04_example": list_shares(example),
        "04_errors": tested,
        "04_skill": tested,
        "04_calibration": tested,
        "04_technologies": tested,
        "04_sides": tested,
        "05_forecast": [pick(data, ENTITY, INDICATOR), limit, pick(data, ENTITY, POPULATION).nlargest(1, "date")],
    }


def shorten(name):
    """A publisher as a chart names it: by the letters that it is known by, without who reported it."""
    letters = re.search(r"\(([A-Z]+)\)", name)
    return letters[1] if letters else name


def read_publishers(figure):
    """Publishers that the line below a figure names, those of an axis at the right among them."""
    words = figure.around[2]
    named = re.match(r"Source: (.*?)\.(?: (?:Values before|Right)|$)", words)
    beside = re.search(r"Right axis: .*\((.*)\)\.$", words)
    return {*named[1].split("; "), *([beside[1]] if beside else [])}


@pytest.fixture(scope="module", params=[SAMPLE, pytest.param(DATA, marks=pytest.mark.slow)], ids=["sample", "default"])
def run(request, executed, tmp_path_factory):
    """Data, and tables and figures by name of all notebooks: on the sample, and the default run."""
    default = partial(run_notebook, outputs=tmp_path_factory.mktemp("outputs"), data=str(DATA))
    run = executed if request.param == SAMPLE else default
    notebooks = [run(number) for number in ("01", "02", "03", "04", "05", "06")]
    tables, figures = ({name: each for one in notebooks for name, each in one[part].items()} for part in (1, 2))
    chosen = notebooks[1][0]["picked"], notebooks[3][0]["example"]
    return indicators.load(request.param), tables, figures, chosen


def test_sources_are_those_of_what_is_drawn(run):
    data, tables, figures, chosen = run
    publisher = data.sources.set_index("source_id")["publisher"].map(shorten)
    drawn, own = list_drawn(data, tables, *chosen), [pick(data, ENTITY, INDICATOR), pick(data, ENTITY, LIMIT)]
    assert set(drawn) <= set(figures)
    for name, figure in figures.items():
        expected = set(pd.concat(drawn.get(name, own))["source_id"].map(publisher))
        assert read_publishers(figure) == expected, name


def test_the_axis_at_the_right_of_the_forecast_is_percent_of_the_population(run):
    axis = run[2]["05_forecast"].axes[0]
    [right] = axis.child_axes
    people = pick(run[0], ENTITY, POPULATION).sort_values("date")["value"].iloc[-1]
    low, high = axis.get_ylim()
    assert right.get_ylim() == pytest.approx((100 * low / people, 100 * high / people))
    assert all(label.get_text().endswith("%") for label in right.get_yticklabels())


def test_texts_of_every_figure_do_not_collide_and_have_eleven_pixels_and_no_word_for_a_colour(run):
    """Words for colours would be wrong on a dark screen."""
    marked = []
    for name, figure in run[2].items():
        for width in style.WIDTHS:
            pairs, cut, on_marks = find_collisions(figure.lay_out(width))
            assert (name, width, pairs, cut) == (name, width, [], [])
            marked += [(name, width)] if on_marks else []
            texts = list_texts(figure)
            assert min(text.get_size() for text in texts) >= ELEVEN_PIXELS, name
            assert not re.search(COLOURS, " ".join(text.get_text() for text in texts)), name
    assert len(marked) <= len(run[2]) * len(style.WIDTHS) / 20, marked
