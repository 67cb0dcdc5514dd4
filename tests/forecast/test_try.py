"""docs/try.html computes what `forecast` does, to 1e-9, for forty series, in Node.js and in Chromium.

They are in tests/reference/try_cases.csv; `python -m pytest --renew` writes their forecasts there, and the coverage
into the page.
"""

import json
import re
import shutil
import subprocess

import pandas as pd
import pytest
from conftest import ROOT
from snapshots import check_part

from adoption_curves.forecast import backtest, forecast, scores
from adoption_curves.forecast.backtest import EARLY
from adoption_curves.indicators import load

PAGE, PATH = ROOT / "docs" / "try.html", ROOT / "tests" / "reference" / "try_cases.csv"
CASES = pd.read_csv(PATH)
MALFORMED = ["", "Year,Percent\n2021,2", "2021;1,5", "2021 5%", "2021 >5", "2021-02-30 5", "31/12/2021 5", "2021 -5"]
MALFORMED += ["2021 1e1", "2021.5 5", "1700 5", "2021 5\n2021-12-31 6", "2021 5\n2022 6"]
COMPUTE = """JSON.stringify(INPUT.map(([kind, limit, text]) => {
  try {
    const { rows, hasInterval } = forecast(kind, limit, readValues(text));
    return rows.map(({ date, quantiles }) => [formatDay(date), ...(hasInterval ? quantiles : [quantiles[2]])]);
  } catch (error) { return error.message; }
}))"""


def check_cases(results):
    """Each is dates with quantiles, or a sentence, which ends with a full stop, where there is no forecast."""
    kept, computed = (
        pd.Series([cell for rows in each for row in [["case"], *(rows if rows[-1:] != "." else [])] for cell in row])
        for each in (CASES["forecast"].map(json.loads), results)
    )
    pd.testing.assert_series_equal(kept, computed, rtol=1e-9, atol=1e-9)


def test_forty_forecasts_are_as_kept(renew):
    results = []
    for case in CASES.itertuples():
        days, values = zip(*(pair.split() for pair in case.values.split("; ")), strict=True)
        series, measure = pd.Series(map(float, values), days), "flow" if case.kind == "sales" else "level"
        result = forecast(series, limit=case.limit, measure=measure)
        quantiles = result.at(result.years, (0.1, 0.25, 0.5, 0.75, 0.9) if result.has_range else (0.5,)).tolist()
        results.append([[f"{day:%Y-%m-%d}", *row] for day, row in zip(result.dates, quantiles, strict=True)])
    if renew:
        CASES["forecast"] = [*map(json.dumps, results)]
        CASES.to_csv(PATH, index=False, lineterminator="\n")
    check_cases(results)


@pytest.mark.parametrize("program", ["node", "chromium"])
def test_the_page_computes_the_same_and_refuses_what_is_malformed(program, tmp_path):
    if not shutil.which(program):
        pytest.skip(f"no {program} on this machine")
    page = PAGE.read_text(encoding="utf-8")
    formula, rest = re.findall(r'<script(?: id="formula")?>\n(.*?)</script>', page, flags=re.DOTALL)
    cases = [(case.kind, case.limit, case.values.replace("; ", "\n")) for case in CASES.itertuples()]
    compute = COMPUTE.replace("INPUT", json.dumps(cases + [("percent", 100, text) for text in MALFORMED]))
    path = tmp_path / "try.html"
    path.write_text(f"{page}<script>document.body.textContent = {compute}</script>", encoding="utf-8")
    command = [program, "--headless", "--no-sandbox", "--dump-dom", path.as_uri()]
    if program == "node":
        command = ["node", "-e", f"{formula}{rest.partition('document.querySelector')[0]}console.log({compute})"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    results = json.loads(re.sub("(?s).*<body>|</body>.*", "", printed))
    check_cases(results[:40])
    assert all(each[-1] == "." for each in results[40:]), results[40:]


def test_the_page_quotes_the_coverage_of_the_backtest(renew):
    data, rows = load(), {}
    for kind, measure in {"limit": "level", "sales": "flow"}.items():
        tested = [*data.references(measure=measure), *data.references(role="early", measure=measure)]
        outcomes = scores.check_intervals(scores.evaluate(backtest(tested, kind), [0.8], (scores.FORECAST,)), [0.8])
        for stage, part in {"early": outcomes["share"] < EARLY, "later": outcomes["share"] >= EARLY}.items():
            table = scores.summarise_coverage(outcomes[part]).rename(columns={"horizon_years": "years"})
            table["covered"] = table["covered"].round().astype(int)
            rows[kind] = {**rows.get(kind, {}), stage: table[["years", "technologies", "covered"]].to_dict("records")}
    text = f'<script type="application/json" id="coverage">\n{json.dumps(rows)}\n</script>'
    check_part(PAGE, "coverage", text, renew)
