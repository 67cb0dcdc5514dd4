"""The list of indicators at the end of data/README.md, made from the tables: run this file to write it anew."""

from pathlib import Path

from helpers import indicators

PATH = Path(__file__).parents[1] / "data" / "README.md"
MARK = "<!-- indicators -->\n"


def list_indicators():
    """Rows of a Markdown table, one an indicator; a further figure changes none."""
    data = indicators.load(PATH.parent)
    lines = ["", "| indicator | title | unit | role | stock or flow | of |", "|---" * 6 + "|"]
    grouped = dict(tuple(data.observations.groupby("indicator")["entity"]))
    for entry in data.indicators.sort_values("indicator").itertuples():
        places = grouped[entry.indicator].unique()
        named = places[0] if len(places) == 1 else "several countries and areas"
        about = f"{entry.title} | {entry.unit} | {entry.role} | {entry.stock_or_flow} | {named}"
        lines.append(f"| {entry.indicator} | {about} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = PATH.read_text(encoding="utf-8")
    PATH.write_text(text[: text.index(MARK) + len(MARK)] + list_indicators(), encoding="utf-8")
