"""What other technologies did after they passed a share: counted, for sentences and tables."""

from dataclasses import replace

import pandas as pd
import pytest

from adoption_curves import forecast, indicators
from adoption_curves.forecast import frames


def test_the_series_that_are_counted_beside_a_forecast_have_names():
    """Of a class those that it counts; none where there is none."""
    data = indicators.load()
    users = data.series("China", "genai_users")
    services = forecast.forecast(users, references=data.references(exclude=users))
    found, counted = (make(services, services.dates[-1]) for make in (frames.counted_frame, frames.class_frame))
    assert (found["technology"].nunique(), len(found)) == tuple(counted.iloc[0][["technologies", "series"]])
    assert set(found["entity"]) == {"China"}


def make_reference(values, technology):
    dates = pd.date_range("2001-12-31", periods=len(values), freq="YE")
    whole, bound = indicators.load_references()[0], indicators.Limit(pd.Series(100.0, dates))
    return replace(whole, technology=technology, values=pd.Series(values, dates), bound=bound)


def test_what_came_later_is_counted_between_figures_and_each_technology_alike():
    straight = [0.0, 10, 20, 30, 40, 50]
    fast, still = [0.0, 20, 40, 60, 80, 90], [0.0, 20, 20, 20, 20, 20]
    among = [make_reference(straight, "one"), make_reference(straight, "one"), make_reference(fast, "two")]
    found = forecast.later_shares(0.15, [1, 2, 3, 4], among)
    assert found["technologies"].tolist() == [2, 2, 2, 0]
    assert found.loc[1, 0.1] == pytest.approx(0.25, abs=1e-3)  # one year after 15 percent
    assert found.loc[1, 0.9] == pytest.approx(0.35, abs=1e-3)
    assert found.loc[4].drop(["technologies", "series"]).isna().all()
    above = make_reference([30.0, 40, 50], "begins above")
    assert forecast.later_shares(0.15, [1], [above])["technologies"].tolist() == [0]
    assert forecast.later_shares(0.5, [1], [make_reference(still, "never")])["technologies"].tolist() == [0]


def test_a_class_counts_from_the_first_figure_and_with_the_last_one():
    """Of ten series, one begins above the share, and one ends two years after it."""
    among = [make_reference([10, 20, 30, 40, 50, 60], f"usual {place}") for place in range(8)]
    among += [make_reference([45, 50, 55, 60, 65, 70], "above"), make_reference([10, 20, 30, 35], "short")]
    strict = forecast.later_shares(0.15, [4.5], among)
    assert strict["technologies"].tolist() == [0], "further than three years nothing is counted"
    found = forecast.later_shares(0.15, [4.5], among, (0.1, 0.5, 0.9), least_years=1.0).iloc[0]
    assert (found["technologies"], found["series"]) == (10, 10)
    assert found[0.1] == pytest.approx(0.475, abs=0.13)
    assert found[0.5] == pytest.approx(0.60, abs=0.01)
    assert forecast.later_shares(0.95, [4.5], among, least_years=1.0)["series"].tolist() == [0]
