"""A whole course of each family and its formula, written out apart from the package: what tests need of a new one.

docs/method.md has the families and their formulas as the classes have them; `python -m pytest --renew` writes them.
"""

import re
from pathlib import Path

import numpy as np

from adoption_curves.base.words import say_name
from adoption_curves.curves import FAMILIES

METHOD = Path(__file__).parents[2] / "docs" / "method.md"
exp = np.exp

# name: parameters of a course from 2000 to 2025 (dates as years since 2000), and the share in complex arithmetic
COURSES = {
    "logistic": ((0.5, 11.0), lambda t, r, m: 1 / (1 + exp(-r * (t - m)))),
    "gompertz": ((0.4, 9.0), lambda t, r, m: exp(-exp(-r * (t - m)))),
    "bass": ((0.02, 0.4), lambda t, p, q: (1 - exp(-(p + q) * t)) / (1 + q / p * exp(-(p + q) * t))),
}


def course(name, years):
    """Share of the saturation level that the course of a family has reached, at decimal years."""
    parameters, formula = COURSES[name]
    return formula(np.asarray(years) - 2000.0, *parameters)


def list_formulas():
    """Rows of a Markdown table, one a family."""
    rows = [rf"| {say_name(name)} | $\displaystyle {family.latex}$ |" for name, family in FAMILIES.items()]
    return "\n".join(["| family | curve |", "|---|---|", *rows])


def write_formulas():
    """The text of docs/method.md with the families of today."""
    block = f"<!-- families -->\n{list_formulas()}\n<!-- /families -->"
    return re.sub("<!-- families.*/families -->", lambda _: block, METHOD.read_text(encoding="utf-8"), flags=re.DOTALL)
