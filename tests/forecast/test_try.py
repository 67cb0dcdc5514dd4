"""docs/try.html computes what `forecast` does, to 1e-9, for forty series; Node.js and Chromium each run it.

`python -m pytest --renew` writes tests/reference/try_cases.csv, and the coverage that the page quotes.
"""

import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from snapshots import check_part

from adoption_curves.forecast import backtest, forecast, scores
from adoption_curves.forecast.backtest import EARLY
from adoption_curves.indicators import load

PAGE, CASES = ROOT / "docs" / "try.html", ROOT / "tests" / "reference" / "try_cases.csv"
LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9]
KINDS = {"percent": 100.0, "people": 1090.0, "sales": 100.0}
BROWSERS = [name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)]
COMPUTE = """cases => cases.map(([kind, limit, text]) => {
  try {
    const { rows, hasInterval } = forecast(kind, limit, readValues(text));
    return rows.map(({ date, quantiles }) =>
      [formatDay(date), ...quantiles.map((each, i) => hasInterval || i === 2 ? each : null)]);
  } catch (error) { return []; }
})"""


def make_cases():
    """Forty series of three to twelve values of every kind, spacing and stage; some scatter, fall, or begin with 0."""
    random = np.random.default_rng(96)
    for number in range(40):
        kind, count, months = list(KINDS)[number % 3], 3 + number % 10, (12, 6, 3, 24, 12)[number % 5]
        dates = pd.date_range("2019-12-31" if number % 4 else "2019-03-15", periods=count, freq=pd.DateOffset(months=months))
        dates += pd.to_timedelta(random.integers(0, 40, count) if number % 7 == 3 else 0, unit="D")
        course = random.uniform(-7, 1) + random.uniform(-0.1, 1) * np.arange(count) + random.normal(0, 0.2, count)
        shares = random.choice([0.3, 0.9, 0.99]) / (1 + np.exp(-course))
        values = np.array([float(f"{value:.4g}") for value in KINDS[kind] * shares])
        values[: number % 11 == 5] = 0
        yield kind, KINDS[kind], pd.Series(values, dates)


def tabulate(results):
    """A row for each date of each case; one without a date where there is no forecast."""
    rows = [(number, *row) for number, result in enumerate(results) for row in result or [(None,)]]
    return pd.DataFrame(rows, columns=["case", "date", *(f"q{level:g}" for level in LEVELS)])


def write_text(values):
    return "\n".join(f"{day:%Y-%m-%d},{value!r}" for day, value in values.items())


def test_forty_forecasts_are_as_kept_for_the_page(renew):
    made = []
    for kind, limit, values in make_cases():
        result = forecast(values, limit=limit, measure="flow" if kind == "sales" else "level")
        frame = result.quantiles.reindex(columns=LEVELS)
        made.append([(f"{day:%Y-%m-%d}", *row) for day, row in zip(frame.index, frame.to_numpy(), strict=True)])
    if renew:
        tabulate(made).to_csv(CASES, index=False, lineterminator="\n", float_format="%.12g")
    pd.testing.assert_frame_equal(pd.read_csv(CASES), tabulate(made), check_dtype=False, rtol=1e-9)
    kinds = pd.read_csv(CASES).groupby("case")
    assert len(kinds) == 40


def test_the_page_quotes_the_coverage_of_the_backtest(renew):
    data, rows = load(), {}
    for kind, measure in {"limit": "level", "sales": "flow"}.items():
        tested = [*data.references(measure=measure), *data.references(role="early", measure=measure)]
        outcomes = scores.evaluate(backtest(tested, kind), [0.8], (scores.FORECAST,))
        for stage, part in {"early": outcomes["share"] < EARLY, "later": outcomes["share"] >= EARLY}.items():
            table = scores.summarise_coverage(outcomes[part]).rename(columns={"horizon_years": "years"})
            table["covered"] = table["covered"].round().astype(int)
            rows.setdefault(kind, {})[stage] = table[["years", "technologies", "covered"]].to_dict("records")
    check_part(PAGE, "coverage", f'<script type="application/json" id="coverage">\n{json.dumps(rows)}\n</script>', renew)


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
def test_node_computes_the_same():
    formula, page = re.findall(r'<script(?: id="formula")?>\n(.*?)</script>', PAGE.read_text("utf-8"), flags=re.DOTALL)
    code = f"{formula}\n{page.partition('document.querySelector')[0]}\nconsole.log(JSON.stringify(({COMPUTE})(CASES)))"
    cases = json.dumps([(kind, limit, write_text(values)) for kind, limit, values in make_cases()])
    done = subprocess.run(["node", "-"], input=code.replace("CASES", cases), capture_output=True, text=True, check=True)
    results = tabulate(json.loads(done.stdout))
    pd.testing.assert_frame_equal(pd.read_csv(CASES), results, check_dtype=False, rtol=1e-9)
    assert (len(formula.splitlines()) <= 120, len((formula + page).splitlines()) <= 350) == (True, True)
