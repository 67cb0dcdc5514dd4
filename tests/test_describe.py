"""Descriptive frames: fits say what hand computation says."""

from pathlib import Path

import numpy as np
import pytest

from helpers import describe, indicators

SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture(scope="module")
def data():
    return indicators.load(SAMPLE)


@pytest.fixture(scope="module")
def genai(data):
    return data.series("China", "genai_users", "internet_users")


def test_fits_of_four_points_are_not_identified(genai):
    fits = describe.fit_families(genai, ["logistic", "gompertz"])
    parameters = describe.list_parameters(fits, genai)
    free = parameters[(parameters["ceiling"] == "free") & (parameters["parameter"] == "ceiling")]
    assert not free["identified"].any()
    assert np.isinf(free["high_80"]).all()
    verdicts = describe.judge_ceilings(parameters, genai)
    assert verdicts["verdict"].str.contains("without end").all()


def test_a_family_that_the_points_cannot_carry_is_said(data):
    short = indicators.load(SAMPLE, "2024-12-31").series("China", "genai_users", "internet_users")
    quality = describe.list_quality(describe.fit_families(short, ["logistic"]), short)
    assert quality.loc[quality["ceiling"] == "free", "remark"].iloc[0]


def test_profile_is_zero_at_the_best_ceiling_and_grows_away_from_it(data):
    payments = data.series("China", "online_payment_users", "internet_users")
    fits = describe.fit_families(payments, ["logistic"])
    profile = describe.profile_ceilings(fits, payments)
    best = fits[0].results.params["ceiling"]
    nearest = profile.iloc[(profile["ceiling"] - best).abs().argmin()]
    assert nearest["distance"] < 1
    above = profile[profile["ceiling"] > 1.05 * best]["distance"].to_numpy()
    assert np.all(np.diff(above) > -1e-6)


def test_alternatives_pass_the_data_about_as_well(genai):
    fits = describe.fit_families(genai, ["gompertz"])
    traced = describe.trace_alternatives(fits, genai)
    assert traced["best"].any()
    assert traced.groupby("ceiling")["value"].last().max() > 1.3 * genai.values.iloc[-1]
