"""Public functions refuse a first argument of another type, and names that the data do not have, in a sentence."""

import inspect
import subprocess
import sys

import pandas as pd
import pytest

from adoption_curves import forecast, indicators
from adoption_curves.base.project import UserError

FUNCTIONS = [
    function
    for door in (forecast, indicators)
    for name in door.__all__
    if inspect.isfunction(function := getattr(door, name)) and inspect.signature(function).parameters
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_wrong_first_argument_is_a_type_error_that_says_what_is_wanted(function):
    name = next(iter(inspect.signature(function).parameters))
    wrong = (None, 5 if name != "share" else "x", object(), [1])
    for value in wrong if function is not indicators.load else wrong[:2]:
        with pytest.raises(TypeError, match=rf"^{function.__name__}\(\) takes .+ as {name}, not \w+$"):
            function(value)
    if name not in ("name", "text", "path"):
        with pytest.raises(TypeError, match=f"as {name}, not str"):
            function("x")


def test_parts_of_a_sequence_and_of_a_mapping_are_looked_at():
    with pytest.raises(TypeError, match="takes Sequence of AdoptionSeries as references, not list"):
        forecast.backtest([1, 2])
    with pytest.raises(TypeError, match="takes Mapping of str, Limit or None as limits, not dict"):
        forecast.find_most({"100": 100})


def test_names_that_the_data_do_not_have_raise_with_the_nearest():
    data = indicators.load()
    for call, nearest in (
        (lambda: indicators.list_products(data, "genai_users", "Chnia"), "nearest: China"),
        (lambda: indicators.find_expected(data, "Chnia", "genai_users"), "nearest: China"),
        (lambda: indicators.find_expected(data, "China", "genai_user"), "nearest: genai_users"),
        (lambda: indicators.compare_entities(data, "generativ AI"), "nearest: generative AI"),
        (lambda: indicators.list_measures(data, "genai_user", ["China"]), "nearest: genai_users"),
    ):
        with pytest.raises(UserError, match=nearest):
            call()


def test_subpackages_and_the_version_are_there_after_one_import():
    program = "import sys, adoption_curves\nassert 'pandas' not in sys.modules, 'rooms are imported when asked for'\n"
    program += "print(adoption_curves.__version__, adoption_curves.forecast.forecast.__name__, dir(adoption_curves))\n"
    program += "try: adoption_curves.forcast\nexcept AttributeError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert " forecast ['__version__', 'base', " in done
    assert "module adoption_curves has no attribute forcast" in done


SHARES = pd.Series([1.7, 3.1, 5.8, 12.5, 13.7, 20.8, 31.2, 42.4, 54.3, 64.5, 79.3, 82.4, 88.9], range(2012, 2025))


def test_a_share_of_sales_and_a_total_are_said_in_python_as_on_the_command_line():
    """Norway's electric cars: 95.9% in 2025."""
    level, sales, total = (forecast.forecast(SHARES, 100, measure=each) for each in ("level", "flow", "cumulative"))
    assert level.quantiles[[0.1, 0.9]].iloc[0].round(1).tolist() == [89.5, 94.6]
    assert sales.quantiles[[0.1, 0.9]].iloc[0].round(1).tolist() == [85.5, 95.4]
    assert (sales.target.unit, sales.has_range) == ("percent", True)
    assert (total.quantiles >= SHARES.iloc[-1]).all(axis=None)
    assert forecast.forecast(SHARES, 100).quantiles.equals(level.quantiles)
    assert not forecast.forecast(1000 * SHARES, 500_000, measure="flow").has_range, "sales are no share of sales"
    with pytest.raises(ValueError, match="measure must be level, cumulative or flow, got 'sales'"):
        forecast.forecast(SHARES, 100, measure="sales")


def test_values_without_their_series_warn_that_the_limit_is_lost(recwarn):
    series = indicators.load().series("China", "genai_users")
    forecast.forecast(series)
    forecast.forecast(series.values[:-1], limit=series.limit)
    forecast.forecast(indicators.load().series("China", "genai_users", "none").values)
    assert not recwarn
    lost = r"of their series \(Internet users\) .*: pass series, not series\.values"
    with pytest.warns(UserWarning, match=lost) as caught:
        forecast.forecast(series.values)
    assert caught[0].filename == __file__


def test_the_words_of_a_forecast_have_the_assumed_value_and_the_day_of_the_page():
    said = repr(forecast.forecast(indicators.load().series("China", "genai_users")))
    assert ": more than 700 million people, assumed 708, in June 2026; forecast for December 2030: " in said
