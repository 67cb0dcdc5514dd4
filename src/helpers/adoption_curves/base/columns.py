"""Columns and options of a user's data file; reading, checks, help and documentation are generated from these rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Entity and source of values whose file names none; never shown in a sentence.
UNNAMED = "own data"
# Title of values whose file does not say what they are.
USUAL_TITLE = "Own values"
# Pattern of an indicator's name.
NAME = r"^[a-z][a-z0-9_]*$"


@dataclass(frozen=True)
class _Column:
    """A column of a user's file, recognised by its exact name.

    Attributes
    ----------
    name : str
    type : str
        As in a Table Schema: "date", "number" or "string".
    meaning, blank : str
        Meaning of the column, and the value that is used if a file lacks it.
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
        """Field of a Table Schema."""
        return {"name": self.name, "type": self.type, "description": self.meaning, "constraints": self.constraints}


# fmt: off
COLUMNS = (
    _Column("date", "date", "Day that the value refers to, YYYY-MM-DD, or a period, counted as its last day", "needed",
           {"required": True, "minimum": "1800-01-01"}),
    _Column("value", "number", "The value as published, in its unit", "needed", {"required": True, "minimum": 0}),
    _Column("entity", "string", "Country or group", "`own data`, or the parameter `entity`", default=UNNAMED),
    _Column("indicator", "string", "What is counted; parameters use a name made from it", "the file's name",
           {"pattern": NAME}),
    _Column("title", "string", "Title of the series in charts and tables",
           "the text of `indicator`, or `Own values`"),
    _Column("unit", "string",
           "What a value counts, as a label, the same for all rows of an indicator; % and percent have the limit 100",
           "asked for"),
    _Column("measure", "string",
           "level: number in use, or users, on a date; cumulative: total to date; flow: number added during a year",
           "asked for", {"enum": ["level", "cumulative", "flow"]}),
    _Column("people", "string", "Subject of sentences: households", "no verb in sentences"),
    _Column("doing", "string", "Verb phrase of sentences: own a smart speaker", "no verb in sentences"),
    _Column("limit", "number", "Upper limit on that day, in the unit of the value",
           "no limit, or 100 for percent", {"minimum": 0}),
    _Column("source", "string", "Who published the value, or its address", "`own data`", default=UNNAMED),
    _Column("address", "string", "Web address of the publication", "none"),
    _Column("licence", "string", "Licence of the source", "`not stated`", default="not stated"),
    _Column("retrieved", "date", "Day on which the file was downloaded, YYYY-MM-DD", "not known",
           {"minimum": "1800-01-01"}),
    _Column("technology", "string", "A label in indicators.csv: forecasts are not tested on series with this label",
           "a separate technology"),
    _Column("qualifier", "string", "exact, or a bound that the source states: at_least, at_most", "`exact`",
           {"enum": ["exact", "at_least", "at_most"]}, "exact"),
    _Column("break", "string", "Change of method before this value: its reason; no fit crosses it", "no change"),
    _Column("published", "date",
           "Day the value became public, YYYY-MM-DD; for a month its last day. Blank: public on its date", "its date",
           {"minimum": "1800-01-01"}),
    _Column("standard_error", "number", "Standard error of the value in its unit, if published", "not known",
           {"minimum": 0}),
    _Column("sample_size", "number", "Number of people interviewed, if published", "not known", {"minimum": 0}),
)
# fmt: on

# Options that describe how to read a file, by name.
CHOICES = {
    "unit": "Unit of the values, as in the file: '% of adults', 'million people'.",
    "measure": "What values count: level (in use on a date), cumulative (total to date) or flow (during a period).",
    "date": "Column with the dates, or several columns, as in '{Year}-{Month}' or '{Year}-Q{Quarter}'.",
    "value": "Column with the values.",
    "where": "Read only rows in which COLUMN equals VALUE (COLUMN=VALUE). Repeatable.",
    "ignore": "Column to ignore. Repeatable.",
    "limit-column": "Column with the upper limit at each date, in the unit of the values.",
    "entity": "Country, region or group, for labels.",
    "title": "Title of the series.",
    "people": "Subject of sentences: 'households'.",
    "doing": "Verb phrase of sentences: 'own a smart speaker'.",
    "source": "Publisher of the values.",
    "technology": "Name of this technology among the comparison technologies, to exclude it from the tests.",
    "rows": "Rows to read, including the heading row: 5:20, or 5: to the end.",
    "sheet": "Sheet of an .xlsx file.",
    "encoding": "Encoding of a text file, such as gbk or cp1252.",
    "decimal": "Decimal mark: . or ,",
    "flags": "Footnote marks to remove after values and dates, such as bp*; b begins a new series.",
    "na": "Text that marks a missing value. Repeatable.",
    "year-end": "Last day of the years, MM-DD: 06-30.",
    "season": "none: differences between months or quarters of a level are due to chance.",
}
# Options that were removed, and what to write instead.
GONE = {
    "part": "was removed in 3.0; write --date '{Year}-{Month}' or --date '{Year}-Q{Quarter}'",
    "pdf": "was removed in 3.0; print the SVG of a chart, figures/NAME.svg, or a page from the browser",
}
# Options that may be repeated.
REPEATED = ("where", "ignore", "na")
# Allowed values of an option.
LIMITED: Mapping[str, tuple[str, ...]] = {
    "measure": ("level", "cumulative", "flow"),
    "decimal": (".", ","),
    "season": ("none",),
}


def spread_choices(choices: Mapping[str, str | tuple[str, ...]]) -> list[tuple[str, str]]:
    """Options as pairs of name and text, one for each time that an option is passed."""
    return [(name, text) for name, texts in choices.items() for text in ([texts] if isinstance(texts, str) else texts)]
