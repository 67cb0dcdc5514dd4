"""The tables of data/README.md that are made: run this file to write them anew.

One lists the columns of own data, and one, at the end, the indicators.
"""

from pathlib import Path

from adoption_curves import indicators
from adoption_curves.base.columns import COLUMNS
from adoption_curves.runs.parameters import Parameters

PATH = Path(__file__).parents[2] / "data" / "README.md"
RUNS = Path(__file__).parents[2] / "docs" / "runs.md"
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


def write_parameters():
    """The text of docs/runs.md with the parameters of today."""
    text = RUNS.read_text(encoding="utf-8")
    return text[: text.index(FIRST) + len(FIRST)] + list_parameters() + text[text.index(LAST) :]


if __name__ == "__main__":
    RUNS.write_text(write_parameters(), encoding="utf-8")
    text = PATH.read_text(encoding="utf-8")
    text = text[: text.index(BEGIN) + len(BEGIN)] + list_columns() + text[text.index(END) :]
    PATH.write_text(text[: text.index(MARK) + len(MARK)] + list_indicators(), encoding="utf-8")
