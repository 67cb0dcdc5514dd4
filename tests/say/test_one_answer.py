"""Page and forecast give one answer to where growth ends."""

import pytest
from kept_runs import KEPT, read_facts

from adoption_curves.say.findings import write_findings


@pytest.mark.parametrize("run", KEPT)
def test_page_and_forecast_agree_on_the_end(run):
    """A median above the end is said, and no end lies below what has been published or reaches the limit."""
    facts = read_facts(run)
    found, goal = facts.ceiling, facts.goal or {"q0.5": 0}
    told = " ".join(write_findings(facts)["sentence"])
    closed = found["verdict"] in ("levels off", "depends on the curve")
    assert ("our forecast is above that end" in told.lower()) == (closed and goal["q0.5"] > found["high"])
    if closed:
        assert found["low"] >= facts.tables["02_growth"]["value"].max() * (1 - 1e-9)
    if found["verdict"] == "levels off":
        assert not found["high"] > 0.95 * found["bound"]
    assert (len(facts.tables["03_odds"]) > 0) == (found["verdict"] == "levels off")
