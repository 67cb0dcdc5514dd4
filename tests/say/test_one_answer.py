"""Page and forecast give one answer to where growth ends."""

import pandas as pd
import pytest
from golden import RUNS

from adoption_curves.say.facts import find_goal

KEPT = sorted(path.parent for path in RUNS.parent.glob("*/03_ceiling.csv"))


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_page_and_forecast_agree_on_the_end(kept):
    """A median above the end is said, and no end lies below what has been published or reaches the limit."""
    ceiling, fan = (pd.read_csv(kept / f"{name}.csv") for name in ("03_ceiling", "05_forecast"))
    found = ceiling.iloc[0]
    told = " ".join(pd.read_csv(kept / "06_findings.csv")["sentence"])
    closed = found["verdict"] in ("levels off", "depends on the curve")
    goal = find_goal(fan.assign(date=pd.to_datetime(fan["date"])).to_dict("records")) if len(fan) else {"q0.5": 0}
    assert ("our forecast is above that end" in told.lower()) == (closed and goal["q0.5"] > found["high"])
    if closed:
        assert found["low"] >= pd.read_csv(kept / "02_growth.csv")["value"].max() * (1 - 1e-9)
    if found["verdict"] == "levels off":
        assert not found["high"] > 0.95 * found["bound"]
    odds = kept / "03_odds.csv"
    assert (odds.exists() and len(pd.read_csv(odds)) > 0) == (found["verdict"] == "levels off")
