"""Every own series that `check` accepts ends in a report, or in a sentence on a parameter before a kernel starts."""

# ruff: noqa: PT017  # what is said of a refused input is looked at where it is refused

import re
import warnings
from datetime import date
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from cells import list_exhibits
from conftest import SAMPLE
from figure_faults import find_faults
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from matplotlib import pyplot

from adoption_curves import curves, forecast, indicators
from adoption_curves.runs.check_series import check_parameters
from adoption_curves.runs.parameters import ParameterError, Parameters, complete_parameters, read_parameters
from adoption_curves.runs.runner import run_all
from adoption_curves.runs.steps import _describe_series
from adoption_curves.show import figures
from adoption_curves.show.figures import images, labels, style

ROOT = Path(__file__).parents[2]
CELLS = [
    (path.stem, [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"])
    for path in sorted((ROOT / "notebooks").glob("0*.ipynb"))
]


def write(folder, values, dates=None, unit="units", **columns):
    """A file of levels of one series, a figure a year unless dates are given; returns its path."""
    dates = dates or [f"{2010 + year}-12-31" for year in range(len(values))]
    cells = [f"{value:.10g}" for value in values]
    frame = pd.DataFrame({"date": dates, "value": cells, "unit": unit, "measure": "level", **columns})
    path = folder / "own.csv"
    frame.to_csv(path, index=False)
    return path


def execute(values):
    """The notebooks' code in this process, as their kernels run it; a warning is an error."""
    parameters = complete_parameters(read_parameters(values))
    check_parameters(parameters)
    described = _describe_series(parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # no font has all letters
        for notebook, cells in CELLS:
            names = {}
            for cell in cells:
                exec(compile(cell.source, notebook, "exec"), names)
                if "parameters" in cell.metadata.get("tags", []):
                    given = parameters.model_dump() | described
                    names.update({name: value for name, value in given.items() if name in names})


@pytest.fixture(scope="module")
def quick_run():
    """Figures are laid out at both widths and not drawn."""

    def lay_out(figure, alt, narrow, pdf):
        if hasattr(figure, "lay_out"):  # those of a fit itself are matplotlib's own
            figure.lay_out(style.WIDTHS["print"])
            figure.narrow()
        pyplot.close(figure)  # as what writes the images does
        yield "png", bytes(24)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "draw_images", lay_out)
        yield patch


# ---- single causes


def test_a_fit_without_residuals_has_a_profile(tmp_path):
    series = indicators.load(write(tmp_path, [99.999999, 100, 100, 100], unit="%")).series("own data", "own", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fits = curves.fit_families(series.values, ["logistic", "gompertz", "bass"], series.bound)
        assert (curves.profile_ceilings(fits, indicators.last_bound(series))["likelihood"] <= 1).all()
        assert all(figures.plot_curve(fit).has_data() for fit in curves.free_fits(fits).values())


def test_hindcasts_begin_where_a_forecast_can_be_made(tmp_path):
    data = indicators.load(write(tmp_path, [0, 0, 0, 1, 4, 9]))
    assert forecast.pick_origins(data.series("own data", "own")).empty
    data = indicators.load(write(tmp_path, [0, 1, 2, 4, 9]))
    assert list(forecast.pick_origins(data.series("own data", "own")).year) == [2013]
    old = [f"{year}-12-31" for year in (1900, 1901, 1902, 1903)]
    data = indicators.load(write(tmp_path, [1, 2, 4, 8], old))
    series = data.series("own data", "own")
    assert forecast.hindcast(series, None, data.references(series), pd.DatetimeIndex(old[2:3])).empty


@pytest.mark.parametrize("name", ["as_of", "data"])
def test_too_few_technologies_to_calibrate_on_are_refused(tmp_path, monkeypatch, name):
    path = write(tmp_path, [1, 2, 4, 8], [f"{year}-12-31" for year in (1900, 1901, 1902, 1903)])
    given = {"data": str(path), "as_of": "1905-12-31"}
    if name == "data":  # a folder with references of its own, which stands alone
        monkeypatch.setattr(forecast, "can_calibrate", lambda references: False)
        given = {"data": str(SAMPLE)}
    chosen = complete_parameters(Parameters(run="mine", **given))
    with pytest.raises(ParameterError, match=f"parameter '{name}' is '.*fewer than 3 other technologies have enough"):
        check_parameters(chosen)


def test_numbers_of_numpy_are_numbers():
    bound = np.int64(100)
    users = pd.Series([12, 19, 31, 44, 52], index=pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)]))
    given, plain = (forecast.forecast(users, bound=one, horizon_years=np.int64(2)) for one in (bound, 100))
    pd.testing.assert_frame_equal(given.quantiles, plain.quantiles)
    for ceiling in (bound, curves.Share(bound, 1.0)):
        fit = curves.Logistic(users, ceiling=ceiling).fit()
        assert np.isfinite(fit.params).all()


# ---- text around a figure


LONG = {
    "four addresses": "; ".join(f"https://example.org/{number}/{'a' * 100} (own.csv)" for number in range(4)),
    "twelve addresses": "; ".join(f"https://example.org/{number:02}/{'b' * 33} (own.csv)" for number in range(12)),
    "a word": "x" * 4000,
    "a thousand publishers": "; ".join(f"Publisher number {number} (own.csv)" for number in range(1000)),
}


@pytest.mark.parametrize("width", style.WIDTHS.values(), ids=style.WIDTHS)
@pytest.mark.parametrize("name", ["a word", "twelve addresses"])
def test_long_texts_wrap_and_leave_the_axes_their_room(name, width):
    source = LONG[name]
    figure, axis = style.open_canvas(1.7)
    axis.plot([0, 1], [0, 1])
    axis.set_yticks([0, 1])
    labels.label_ends(axis, [labels.Label(1, 1, f"Bound: {source}\n1")])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = style.close_canvas(figure, f"Users of {source}", source, source).lay_out(width)
    assert [fault for fault in find_faults(figure) if not fault.endswith("is cut")] == []  # so long a text has to be
    assert all(len(text.get_text().splitlines()) <= style._MOST_LINES for text in figure.texts)
    assert axis.get_position().height * figure.get_size_inches()[1] > 0.2 * 1.7
    if name == "twelve addresses":
        assert "".join(figure.texts[2].get_text().split()) == "".join(source.split()), "nothing is left out that fits"


# ---- whole sequences


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "given"),
    [
        ([3.1, 8, 15.5, 27, 39, 48.2], {"bound": 48200}),
        ([1, 2, 4, 8, 16], {"source": [f"https://example.org/{number}/{'c' * 98}" for number in range(5)]}),
    ],
    ids=["bound far above", "long addresses"],
)
def test_notebooks_carry_series_at_the_edge(tmp_path, quick_run, values, given):
    """Zeros and a decline are runs whose tables are kept (tests/golden)."""
    quick_run.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    columns = {name: given[name] for name in given if name == "source"}
    parameters = {name: given[name] for name in given if name == "bound"}
    execute({"data": str(write(tmp_path, values, **columns)), "run": "edge", **parameters})
    assert len(list((tmp_path / "outputs").glob("lab/edge/tables/06_*.csv"))) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("indicator", "entity"),
    [("firms_ai_use_eurostat", "Romania"), ("genai_use_eurostat", "Germany")],
    ids=["a highest share under a tenth", "1 figure"],
)
def test_pages_are_made_of_series_at_the_edge(tmp_path, monkeypatch, indicator, entity):
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    given = {"run": "edge", "indicator": indicator, "entity": entity, "bound": 100}
    folder = run_all(read_parameters(given))
    assert len(list((folder / "html").glob("0*.html"))) == 6
    if entity == "Germany":
        plain = (folder / "tables" / "06_findings.csv").read_text(encoding="utf-8")
        assert "These shares are counted, not forecast;" in plain
        first = "This series has only one figure, so we show what other technologies, most of them successes, did from"
        for notebook in ("01", "02", "03", "05", "06"):  # 04 scores the forecasts of other technologies
            [path] = (folder / "html").glob(f"{notebook}_*.html")
            opening = path.read_text(encoding="utf-8").partition("<h1")[2].partition("<details")[0]
            assert opening.count(first) == 1, path


YEARS = st.integers(1800, 2007).flatmap(
    lambda first: st.lists(st.integers(first, first + 18), min_size=1, max_size=12, unique=True)
)
DAYS = st.one_of(
    YEARS.map(lambda years: [date(year, 12, 31) for year in sorted(years)]),
    st.lists(st.dates(date(1800, 1, 1), date(2025, 12, 31)), min_size=1, max_size=9, unique=True).map(sorted),
    st.integers(3, 60).map(lambda count: list(pd.date_range("2015-01-31", periods=count, freq="ME"))),
)
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=120)


@st.composite
def draw_series(draw):
    """Dates, values, columns and parameters of a series that may be hard to report on."""
    dates = draw(DAYS)
    count = len(dates)
    size = draw(st.sampled_from([1, 1, 1, 1e-11, 1e-3, 1e9, 1e12]))
    shape = draw(st.sampled_from(["any", "rise", "zeros first", "flat then rise", "to the top", "fall to 0"]))
    values = draw(st.lists(st.one_of(st.integers(1, 100), st.floats(0, 100)), min_size=count, max_size=count))
    half = count // 2
    values = {
        "any": values,
        "rise": sorted(values),
        "zeros first": [0] * half + sorted(values[half:]),
        "flat then rise": [values[0]] * (count - 1) + [values[0] + 1],
        "to the top": sorted(values)[: count - half] + [100] * half,
        "fall to 0": [*sorted(values[: count - 1]), 0],
    }[shape]
    values = [0 if value * size < 1e-12 else value * size for value in values]
    unit = draw(st.sampled_from(["units", "%", "million people"]))
    columns = {"source": draw(TEXTS), "entity": draw(TEXTS)}
    bounds = ["", "", max(values) or 1, 1.5 * max(values) or 1, 1000 * max(values) or 1, 0.5 * max(values) or 1]
    given = {"bound": draw(st.sampled_from(bounds)), "horizon_years": draw(st.sampled_from([1, 5, 30]))}
    return [f"{day:%Y-%m-%d}" for day in dates], values, unit, columns, given


SEQUENCES = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.slow
@SEQUENCES
@given(draw_series())
def test_any_series_is_reported_or_refused(tmp_path_factory, quick_run, drawn):
    dates, values, unit, columns, given = drawn
    folder = tmp_path_factory.mktemp("any")
    quick_run.setenv("ADOPTION_OUTPUTS", str(folder / "outputs"))
    path = f"{write(folder, values, dates, unit, **columns)}?season=none"
    try:
        indicators.load(path)
    except indicators.DataError:
        reject()  # `check` says what is wrong with the file
    try:
        execute({"data": str(path), "run": "any", **given})
    except (indicators.DataError, ParameterError) as error:
        assert not (folder / "outputs").exists(), "refused too late"
        assert re.search(r"\b(data|indicator|entity|bound|as_of|horizon_years|own)\b", str(error))
        return
    made = {table.stem for table in (folder / "outputs").glob("lab/any/tables/06_*.csv")}
    assert made == {name for name in list_exhibits("keep", "show") if name.startswith("06_")}
