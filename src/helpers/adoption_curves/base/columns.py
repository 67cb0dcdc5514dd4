"""Columns and options of a file of own data: reading, checks, help and documentation follow from these rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UNNAMED = "own data"
"""Entity and source of figures whose file names none; no sentence prints it."""
USUAL_TITLE = "Own figures"
"""Title of figures whose file says not what they are."""
NAME = r"^[a-z][a-z0-9_]*$"
"""Pattern of an indicator's name."""


@dataclass(frozen=True)
class _Column:
    """A column of own data, which is found by its exact name.

    Attributes
    ----------
    name : str
    type : str
        As in a Table Schema: "date", "number" or "string".
    meaning, blank : str
        Meaning of the column, and the value that is taken if a file lacks it.
    constraints : mapping
        As in a Table Schema.
    default : str
        Meaning of a blank cell.
    """

    name: str
    type: str
    meaning: str
    blank: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)
    default: str = ""

    def describe(self) -> dict[str, Any]:
        """Return the field of a Table Schema."""
        return {"name": self.name, "type": self.type, "description": self.meaning, "constraints": self.constraints}


# fmt: off
COLUMNS = (
    _Column("date", "date", "Day that the figure refers to, YYYY-MM-DD, or a period, which is its last day", "needed",
           {"required": True, "minimum": "1800-01-01"}),
    _Column("value", "number", "The figure as printed, in its unit", "needed", {"required": True, "minimum": 0}),
    _Column("entity", "string", "Country or group", "`own data`, or the parameter `entity`", default=UNNAMED),
    _Column("indicator", "string", "What is counted; a name for parameters is made of it", "the file's name",
           {"pattern": NAME}),
    _Column("title", "string", "Title of the series in figures and tables",
           "the text of `indicator`, or `Own figures`"),
    _Column("unit", "string",
           "What a figure counts, as a label, the same for all rows of an indicator; % and percent have the limit 100",
           "asked for"),
    _Column("measure", "string",
           "level: what is in use, or who uses it, on a day; cumulative: all so far; flow: what a year adds",
           "asked for", {"enum": ["level", "cumulative", "flow"]}),
    _Column("people", "string", "Who is counted, for sentences: households", "no verb in sentences"),
    _Column("doing", "string", "What they do, for sentences: own a smart speaker", "no verb in sentences"),
    _Column("limit", "number", "Known limit on that day, in the unit of the figure",
           "no limit, or 100 for percent", {"minimum": 0}),
    _Column("source", "string", "Who published the figure, or its address", "`own data`", default=UNNAMED),
    _Column("address", "string", "Web address of the publication", "none"),
    _Column("licence", "string", "Licence of the source", "`not stated`", default="not stated"),
    _Column("retrieved", "date", "Day on which the file was fetched, YYYY-MM-DD", "not known",
           {"minimum": "1800-01-01"}),
    _Column("technology", "string", "A label of indicators.csv: a forecast leaves out series with this label",
           "a technology of its own"),
    _Column("qualifier", "string", "exact, or a limit that the source states: at_least, at_most", "`exact`",
           {"enum": ["exact", "at_least", "at_most"]}, "exact"),
    _Column("break", "string", "Reason for a new series from this figure on: no fit crosses it", "no break"),
    _Column("published", "date",
           "First public day of the figure, YYYY-MM-DD; of a month its last day. Blank: public on its date", "its date",
           {"minimum": "1800-01-01"}),
    _Column("standard_error", "number", "Standard error of the figure in its unit, where published", "not known",
           {"minimum": 0}),
    _Column("sample_size", "number", "People asked, where published", "not known", {"minimum": 0}),
)
# fmt: on

CHOICES = {
    "unit": "Unit of the values as printed: '% of adults', 'million people'.",
    "measure": "level (in use on a day), cumulative (all so far) or flow (in a period).",
    "date": "Heading of the dates, or several columns, as in '{Year}-{Month}' or '{Year}-Q{Quarter}'.",
    "value": "Heading of the values.",
    "where": "COLUMN=CELL of the rows to read; may be repeated.",
    "ignore": "Heading of a column that says nothing of the values; may be repeated.",
    "limit-column": "Heading of the known maximum at each date, in the unit of the values.",
    "entity": "Name of the country or group that was picked.",
    "title": "Title of the series.",
    "people": "Who is counted, for sentences: households.",
    "doing": "What they do, for sentences: own a smart speaker.",
    "source": "Publisher of the values.",
    "technology": "Label of the same technology among the comparison technologies.",
    "rows": "A:B, rows of the table in the file, headings first; A: to its end.",
    "sheet": "Sheet of an .xlsx file.",
    "encoding": "Encoding of a text file, such as gbk or cp1252.",
    "decimal": "The decimal mark: . or ,",
    "flags": "Letters and marks behind values and dates, such as bp*; b begins a new series.",
    "na": "What the file writes for a missing value; may be repeated.",
    "year-end": "MM-DD, last day of the years: 06-30.",
    "season": "none: differences between months or quarters of a level are chance.",
}
"""Options that say how to read a file, by name."""
GONE = {
    "part": "is gone since 3.0; write --date '{Year}-{Month}' or --date '{Year}-Q{Quarter}'",
    "pdf": "is gone since 3.0; print the SVG of a chart, figures/NAME.svg, or a page from the browser",
}
"""Options that there are no longer, and what to write instead."""
REPEATED = ("where", "ignore", "na")
"""Options that may be given more than once."""
LIMITED: Mapping[str, tuple[str, ...]] = {
    "measure": ("level", "cumulative", "flow"),
    "decimal": (".", ","),
    "season": ("none",),
}
"""The values that an option may have."""


def spread_choices(choices: Mapping[str, str | tuple[str, ...]]) -> list[tuple[str, str]]:
    """Options as pairs of name and text, one for each time that an option is given."""
    several = {name: (given,) if isinstance(given, str) else tuple(given) for name, given in choices.items()}
    return [(name, text) for name, texts in several.items() for text in texts]
