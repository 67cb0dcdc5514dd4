"""No text of a chart covers another or is cut off, and few cover a mark: thirty series, and all of them."""

import random

import pytest
from cells import run_notebook
from collisions import find_collisions

from adoption_curves import forecast, indicators
from adoption_curves.base.project import find_data
from adoption_curves.forecast import result_tables
from adoption_curves.show.figures import style
from adoption_curves.show.figures.course import draw_forecast

DATA = indicators.load()
SERIES = sorted(indicators.list_studied(DATA))
SHARE = 1 / 20
"""Of the drawings that may have a text on a mark."""


@pytest.mark.parametrize(
    "keys", [random.Random(1).sample(SERIES, 30), pytest.param(SERIES, marks=pytest.mark.slow)], ids=["thirty", "all"]
)
def test_texts_of_a_series_and_its_forecast_do_not_collide(keys):
    pairs, cut, marked = [], [], []
    for key in keys:
        series = DATA.series(*key)
        result = forecast.forecast(series, most=forecast.find_most(DATA.offer_limits(series)))
        about = indicators.find_labels(DATA, series), indicators.cite_series(DATA, series)
        figure = draw_forecast(result.printed, *about, result.frame(), result_tables.limit_frame(result), [0.5, 0.8])
        for width in style.WIDTHS:
            collisions = find_collisions(figure.lay_out(width))
            for kept, texts in zip((pairs, cut, marked), collisions, strict=True):
                kept.extend((*key, width, text) for text in texts)
    assert (pairs, cut) == ([], [])
    assert len({each[:3] for each in marked}) <= SHARE * len(style.WIDTHS) * len(keys), marked


def test_texts_of_who_uses_it_do_not_collide(tmp_path):
    for name, figure in run_notebook("07", tmp_path, data=str(find_data()))[2].items():
        for width in style.WIDTHS:
            assert (name, width, find_collisions(figure.lay_out(width))) == (name, width, ([], [], []))
