"""Fits, intervals, forecasts and scores are the same numbers under every version of the libraries."""

import json

import numerical_values
import numpy as np
import pytest

KEPT = json.loads(numerical_values.KEPT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def computed():
    return numerical_values.compute_values()


def test_the_same_things_are_computed(computed):
    found, kept = ({name: list(parts) for name, parts in values.items()} for values in (computed, KEPT))
    assert found == kept


@pytest.mark.parametrize("name", KEPT)
def test_numbers_agree_to_nine_digits(name, computed):
    for part, numbers in KEPT[name].items():
        found, kept = np.array(computed[name][part], float), np.array(numbers, float)
        np.testing.assert_allclose(found, kept, rtol=1e-9, atol=0, err_msg=f"{name}: {part}")
