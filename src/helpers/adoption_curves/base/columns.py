"""Columns of a file of own data: reading, checks, options and documentation follow from these rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UNNAMED = "own data"
"""Entity and source of figures whose file names none; no sentence prints it."""
NAME = r"^[a-z][a-z0-9_]*$"
"""Pattern of an indicator's name."""


@dataclass(frozen=True)
class _Column:
    """A column of own data.

    Attributes
    ----------
    name : str
    type : str
        As in a Table Schema: "date", "number" or "string".
    meaning, blank : str
        Meaning of the column, and the value that is taken if a file lacks it.
    names : str
        Other names in files, in small letters without accents, separated by blanks.
    constraints : mapping
        As in a Table Schema.
    default : str
        Meaning of a blank cell.
    option : str
        Help of the option that names the column, or gives the value of all rows; "" for no option.
    """

    name: str
    type: str
    meaning: str
    blank: str = ""
    names: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)
    default: str = ""
    option: str = ""

    def describe(self) -> dict[str, Any]:
        """Return the field of a Table Schema."""
        return {"name": self.name, "type": self.type, "description": self.meaning, "constraints": self.constraints}


# fmt: off
COLUMNS = (
    _Column("date", "date", "Day that the figure refers to, YYYY-MM-DD", "needed",
           "year years quarter month period time time_period ref_date observation_date 时间 日期 年份 年 月份 季度",
           {"required": True, "minimum": "1800-01-01"}, option="Column of the dates."),
    _Column("value", "number",
           "The figure as printed, in the unit of the indicator; point as decimal mark, no thousands separator",
           "needed", "values obs_value figure figures datavalue valeur 数值 数据",
           {"required": True, "minimum": 0}, option="Column of the figures."),
    _Column("entity", "string", "Country or group", "`own data`, or the parameter `entity`",
           "entities country country_name region location geo area state economy ref_area entityname 国家 地区",
           default=UNNAMED, option="Column of countries or groups, or the one to read; or the name of all figures."),
    _Column("indicator", "string", "What is counted; a name for parameters is made of it", "the file's name",
           "indicator_name series_name", {"pattern": NAME},
           option="Column of indicators, or the one to read; or the name of all figures."),
    _Column("title", "string", "Title of the series in figures and tables",
           "the text of `indicator`, or `Own figures`",
           "series_title", option="Title of the series."),
    _Column("unit", "string",
           "What a figure counts, as a label, the same for all rows of an indicator; % and percent have the limit 100",
           "asked for", "units unit_of_measure uom 单位",
           option="Unit of the figures as printed: '% of adults', 'million people'."),
    _Column("measure", "string",
           "level: what is in use, or who uses it, on a day; cumulative: all so far; flow: what a year adds",
           "asked for, but level for percentages", constraints={"enum": ["level", "cumulative", "flow"]},
           option="level (in use on a day), cumulative (all so far) or flow (what a year adds)."),
    _Column("people", "string", "Who is counted, for sentences: households", "no verb in sentences",
           option="Who is counted, for sentences: households."),
    _Column("doing", "string", "What they do, for sentences: own a smart speaker", "no verb in sentences",
           option="What they do, for sentences: own a smart speaker."),
    _Column("source", "string", "Who published the figure, or its address", "`own data`", "sources publisher",
           default=UNNAMED, option="Publisher of the figures."),
    _Column("technology", "string", "A label of indicators.csv: a forecast leaves out series with this label",
           "a technology of its own", option="Label of the same technology among the comparison technologies."),
    _Column("bound", "string", "exact, or a limit that the source states: at_least, at_most", "`exact`",
           constraints={"enum": ["exact", "at_least", "at_most"]}, default="exact"),
    _Column("break", "string", "Reason for a new series from this figure on: no fit crosses it", "no break", "breaks"),
    _Column("published", "date",
           "First public day of the figure, YYYY-MM-DD; a month is its last day. Blank: public on its date", "its date",
           "publication_date", {"minimum": "1800-01-01"}),
    _Column("standard_error", "number", "Standard error of the figure in its unit, where published", "not known",
           constraints={"minimum": 0}),
    _Column("sample_size", "number", "People asked, where published", "not known", "n_respondents",
           {"minimum": 0}),
)
# fmt: on
BY_NAME = {column.name: column for column in COLUMNS}

CHOICES = {
    **{column.name: column.option for column in COLUMNS if column.option},
    "sheet": "Sheet of an .xlsx file.",
    "encoding": "Encoding of a text file, such as gbk or cp1252.",
    "decimal": "The decimal mark: . or ,",
}
"""Options that say how to read a file, by name."""
LIMITED = {"measure": ("level", "cumulative", "flow"), "decimal": (".", ",")}
"""The values that an option may have."""
