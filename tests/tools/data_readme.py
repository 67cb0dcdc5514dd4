"""Tables of the docs that are made, which tests keep: `python -m pytest --renew` writes them anew.

data/README.md lists the columns of own data and the indicators, docs/runs.md the parameters of a run, docs/python.md
what each package promises.
"""

import importlib
import re
from pathlib import Path

from adoption_curves import indicators
from adoption_curves.base.columns import COLUMNS
from adoption_curves.runs.parameters import Parameters

PATH = Path(__file__).parents[2] / "data" / "README.md"
RUNS = Path(__file__).parents[2] / "docs" / "runs.md"
PYTHON = Path(__file__).parents[2] / "docs" / "python.md"
PROMISED = r"^\| `(adoption_curves[\w.]*)` \| .* \|$"
"""A row of the table of public names."""
FIRST, LAST = "<!-- parameters -->\n", "<!-- end of parameters -->"
MARK = "<!-- indicators -->\n"
BEGIN, END = "<!-- columns -->\n", "<!-- end of columns -->\n"


def list_columns():
    """Rows of a Markdown table, one a column of own data."""
    rows = [f"| {column.name} | {column.meaning} | {column.blank} |" for column in COLUMNS]
    return "\n".join(["", "| column | meaning | where it is missing or blank |", "|---|---|---|", *rows, "", ""])


def list_indicators():
    """Rows of a Markdown table, one an indicator; a further figure changes none."""
    data = indicators.load(PATH.parent)
    lines = ["", "| indicator | title | unit | role | measure | of |", "|---" * 6 + "|"]
    grouped = dict(tuple(data.observations.groupby("indicator")["entity"]))
    for entry in data.indicators.sort_values("indicator").itertuples():
        places = grouped[entry.indicator].unique()
        named = places[0] if len(places) == 1 else "several countries and areas"
        about = f"{entry.title} | {entry.unit} | {entry.role} | {entry.measure} | {named}"
        lines.append(f"| {entry.indicator} | {about} |")
    return "\n".join(lines) + "\n"


def list_parameters():
    """Rows of a Markdown table, one a parameter of a run."""
    fields = Parameters.model_fields.items()
    rows = [f"| `{name}` | `{field.default!r}` | {field.description} |" for name, field in fields]
    return "\n".join(["| parameter | default | meaning |", "|---|---|---|", *rows, ""])


def write_names():
    """The text of docs/python.md with what each package in its table promises today."""

    def list_names(row):
        names = sorted(importlib.import_module(row[1]).__all__)
        return f"| `{row[1]}` | {', '.join(f'`{name}`' for name in names)} |"

    return re.sub(PROMISED, list_names, PYTHON.read_text(encoding="utf-8"), flags=re.MULTILINE)


def write_data():
    """The text of data/README.md with the columns and indicators of today."""
    text = PATH.read_text(encoding="utf-8")
    text = text[: text.index(BEGIN) + len(BEGIN)] + list_columns() + text[text.index(END) :]
    return text[: text.index(MARK) + len(MARK)] + list_indicators()


def write_parameters():
    """The text of docs/runs.md with the parameters of today."""
    text = RUNS.read_text(encoding="utf-8")
    return text[: text.index(FIRST) + len(FIRST)] + list_parameters() + text[text.index(LAST) :]
