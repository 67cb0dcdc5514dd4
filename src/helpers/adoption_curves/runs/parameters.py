"""Parameters of a run: names, types, ranges, defaults, help, and their checks."""

from __future__ import annotations

import difflib
import json
import math
import os
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ..base.columns import CHOICES, UNNAMED
from ..base.formats import UNSEEN, quote, shorten
from ..base.levels import check_levels
from ..base.project import Source, UserError, relative_to_project

# Facts on the series that a notebook may have as parameters in place of it; a run computes them from the data.
FACTS = ("technology", "kind")
_RESERVED_NAMES = {"readme.md", "lab"}  # other names in outputs/


class ParameterError(UserError, ValueError):
    """Error for unknown parameters and values that are not allowed; the message names each one."""


def _reject_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _to_text(value: Any) -> Any:
    """Convert a number to its shortest text (100.0 to "100"), and None or YAML's null to ""; text stays as it is."""
    if value is None or value in ("null", "None", "~"):
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value).removesuffix(".0")
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _to_list(value: Any) -> Any:
    """Convert YAML text such as "[0.5, 0.9]" to a list, and one value to a list of one; a list stays as it is."""
    if isinstance(value, str):
        value = parse_yaml(value)
    return value if isinstance(value, list | tuple | dict | None) else [value]


def parse_yaml(text: str) -> Any:
    """Read YAML; all values stay text, and aliases and repeated names are errors.

    Raises
    ------
    ValueError
        If the text is not YAML, has an alias or a repeated name, or is nested too deeply.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506, it makes texts and nothing else
    except yaml.YAMLError as error:
        raise ValueError(f"this isn't YAML ({' '.join(str(error).split())})") from error
    except RecursionError as error:
        raise ValueError("lists or mappings lie too deep in each other") from error


class _Loader(yaml.BaseLoader):
    """Loader that leaves values as text, which pydantic converts: NO is not false, and 010 is not 8."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # nested aliases can expand to more than memory holds
            raise ValueError("aliases (*) are not read; write the values out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = [name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode)]
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise ValueError(f"{quote(twice[0])} is given twice; keep one")
        return super().construct_mapping(node, deep)


def _check_visible(value: str) -> str:
    if re.search(UNSEEN, value):
        raise ValueError("invisible characters")
    return value


def _check_run(value: str) -> str:
    stem = value.split(".", maxsplit=1)[0].upper()
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", value) or value.endswith((".", ".partial", ".edited")):
        raise ValueError("not a run's name")
    if value.lower() in _RESERVED_NAMES or re.fullmatch("CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9]", stem):
        raise ValueError("a reserved name")
    return value


def _check_day(value: str) -> str:
    if value and date.fromisoformat(value).isoformat() != value:
        raise ValueError("not a date as it must be written")
    return value


def _check_as_of(value: str) -> str:
    if _check_day(value) > datetime.now().astimezone().date().isoformat():
        raise ValueError("after today")
    return value


def _check_since(value: str) -> str:
    return value if value == "all" else _check_day(value)


def _to_limit(value: Any) -> Any:
    """Convert as `_to_text`, but None and YAML's null to "none"."""
    return _to_text(value) or "none" if value != "" else value


def _check_limit(value: str) -> str:
    """Check a number; the name of an indicator is checked when the data are loaded."""
    try:
        number = float(value)
    except ValueError:
        return value
    if not (math.isfinite(number) and number > 0):
        raise ValueError("not a limit")
    return _to_text(number)


def _check_milestone(value: str) -> str:
    return _check_limit(str(float(value))) if value else value


def _check_values_distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise ValueError("a value twice")
    return values


_Text = Annotated[str, BeforeValidator(_to_text), AfterValidator(_check_visible)]
_Plain = Annotated[str, AfterValidator(_check_visible)]
_ToList, _Sorted = BeforeValidator(_to_list), AfterValidator(sorted)
_OpenShare = Annotated[float, BeforeValidator(_reject_truth), Field(ge=0.001, le=0.999)]


def _describe(default: Any, meaning: str, expected: str, **limits: Any) -> Any:
    return Field(default=default, description=meaning, json_schema_extra={"expected": expected}, **limits)


class Parameters(BaseModel):
    """Parameters of a run, with their types, ranges, defaults and help, which are defined only here.

    Every notebook declares those that it uses in its ``parameters`` cell, with the same names and defaults.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    run: Annotated[_Text, AfterValidator(_check_run)] = _describe(
        "baseline",
        "name of the run, and of its folder in outputs/",
        "a name of at most 64 letters, digits, '-', '_' and '.', starting with a letter, a digit or '_' and not "
        "ending in '.', '.partial' or '.edited', nor README.md, lab or a name that Windows keeps for itself, such as "
        "CON or NUL",
    )
    entity: _Plain = _describe(
        "China",
        "country or group of the series; own data with only one need none; a file that names none takes this name",
        "the name of a country or group",
        min_length=1,
    )
    indicator: _Plain = _describe(
        "genai_users",
        "indicator to study; own data with only one need none",
        "the name of an indicator",
        min_length=1,
    )
    limit: Annotated[_Plain, BeforeValidator(_to_limit), AfterValidator(_check_limit)] = _describe(
        "",
        "known limit of the indicator: an indicator, a number in its unit, 'none', or '' for that of the data, "
        "which is 'limit' in indicators.csv, else 100 for percentages, else none",
        "the name of an indicator, a number above 0, 'none', or '' for that of the data",
    )
    countries: Annotated[list[_Plain], _ToList, AfterValidator(_check_values_distinct)] = _describe(
        ["China", "United States", "Japan", "South Korea", "Germany", "India"],
        "countries to label in the comparison of countries, in addition to the three highest of a complete list",
        "a list of different names of countries, such as [China, Japan]",
    )
    across: _Text = _describe(
        "",
        "indicator that notebook 8 forecasts in all countries; '' for the indicator of the same technology that covers "
        "the most countries",
        "the name of an indicator, or '' for that with the most countries",
    )
    as_of: Annotated[_Text, AfterValidator(_check_as_of)] = _describe(
        "",
        "day as of which values are known: every notebook leaves out those published later; '' for all",
        "a date such as 2025-10-31, not later than today, or '' for all data",
    )
    since: Annotated[_Text, AfterValidator(_check_since)] = _describe(
        "",
        "day from which the forecast uses values: '' for those after a change of method, also a suspected one if three "
        "remain, or 'all' for all since the last certain change",
        "a date such as 2025-06-30, 'all', or ''",
    )
    families: Annotated[list[_Plain], _ToList, AfterValidator(_check_values_distinct)] = _describe(
        ["logistic", "gompertz"],
        "families of curves to fit",
        "a list of different families of curves, such as [logistic, bass]",
        min_length=1,
    )
    shares: Annotated[list[_OpenShare], _ToList, AfterValidator(_check_values_distinct), _Sorted] = _describe(
        [0.5, 0.75, 0.9],
        "saturation levels of the scenarios, as shares of the limit",
        "a list of different numbers between 0 and 1, such as [0.5, 0.75, 0.9], none within 0.001 of either",
        min_length=1,
    )
    horizon_years: Annotated[int | float, BeforeValidator(_reject_truth)] = _describe(
        5, "years to forecast after the last observation", "a number above 0 and at most 30", gt=0, le=30
    )
    until: Annotated[_Text, AfterValidator(_check_day)] = _describe(
        "",
        "last day to forecast, at most fifteen years after the last value, instead of horizon_years; '' to use "
        "horizon_years",
        "a date such as 2035-12-31, or ''",
    )
    milestone: Annotated[_Text, AfterValidator(_check_milestone)] = _describe(
        "",
        "a number in the unit of the series, for which the run estimates when it will be reached; '' for none",
        "a number above 0, or ''",
    )
    levels: Annotated[list[_OpenShare], _ToList, AfterValidator(check_levels), _Sorted] = _describe(
        [0.5, 0.8, 0.9],
        "levels of the prediction intervals; sentences, key numbers and milestones quote the one nearest to 0.8",
        "a list of one to six different numbers between 0 and 1, such as [0.5, 0.8, 0.9], none within 0.001 of either "
        "and no two that tables would write alike",
        min_length=1,
        max_length=6,
    )
    data: Annotated[_Plain, AfterValidator(relative_to_project)] = _describe(
        "data",
        "folder of the data, or a file of your own with dates and values; FILE?date=Year&value=Percent names columns, "
        "as the options of 'adoption check' do",
        "the path of a folder of data or of a file",
        min_length=1,
    )

    @property
    def source(self) -> Source:
        """Source of the data, with a full path."""
        return Source.read(self.data).find()


def expected_value(name: str) -> str:
    """Allowed values of parameter `name`, in words."""
    extra = Parameters.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)  # `_describe` writes it
    return str(extra["expected"])


def complete_parameters(parameters: Parameters) -> Parameters:
    """Complete parameters from the data: the series of a user's file if none is named, and the limit.

    Parameters that were given are not changed; `adoption_curves.indicators.data.choose_series` has the rule.

    Raises
    ------
    adoption_curves.indicators.DataError
        If the data are wrong, or have several series of which none is named.
    """
    usual = {name: Parameters.model_fields[name].default for name in ("entity", "indicator")}
    source = parameters.source
    if not os.path.lexists(source.path):
        return parameters
    from ..indicators import load
    from ..indicators.data import choose_series

    values, data, path = parameters.model_dump(), load(str(source)), parameters.data
    if parameters.data != Parameters.model_fields["data"].default:
        named = {name: values[name] for name in (*usual, "limit") if name in parameters.model_fields_set}
        unnamed = {entity for entity, _ in data.own} == {UNNAMED}
        if unnamed and named.get("entity", UNNAMED) != UNNAMED:  # the file names none
            path = str(Source.read(parameters.data).choose(entity=named["entity"]))
            data = load(str(source.choose(entity=named["entity"])))
        values |= choose_series(data, named, usual)
    if not values["limit"]:
        limit = data.series(values["entity"], values["indicator"]).limit
        values["limit"] = "none" if limit is None else limit.name
    return Parameters(**{**values, "data": path})


def suggest(name: str, known: Iterable[str]) -> str:
    """End of a message such as ``", did you mean 'indicator'?"``; lists all `known` names if none is similar."""
    known = list(map(str, known))
    near = difflib.get_close_matches(shorten(str(name)), known, n=1, cutoff=0.6)
    return f", did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}"


def write_argument(value: Any) -> str:
    """Write `value` as it is typed after ``-p NAME`` in a shell."""
    return shlex.quote(json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value))


def read_parameters(values: Mapping[str, Any]) -> Parameters:
    """Check parameters, and complete them with the defaults.

    Parameters
    ----------
    values : mapping
        Values by name of the parameter, in the type of the parameter or as text.

    Returns
    -------
    adoption_curves.runs.parameters.Parameters

    Raises
    ------
    ParameterError
        If a name is unknown or a value is not allowed; the message has a line for each.

    Examples
    --------
    >>> read_parameters({"as_of": "2025-10-31", "shares": 0.9}).shares
    [0.9]
    >>> read_parameters({"indcator": "genai_users"})
    Traceback (most recent call last):
    adoption_curves.runs.parameters.ParameterError: unknown parameter 'indcator', did you mean 'indicator'?
    """
    known, problems = dict[str, Any](), []
    for name, value in values.items():
        if name in Parameters.model_fields:
            known[name] = value
        else:
            how = f"; it says how to read a file: write --{name} '...', or in YAML data: 'FILE?{name}=...'"
            hint = how if name in CHOICES else suggest(name, Parameters.model_fields)
            problems.append(f"unknown parameter {quote(str(name))}{hint}")
    try:
        parameters = Parameters(**known)
    except ValidationError as error:
        names = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors())
        problems += [f"parameter '{name}' is {quote(known[name])}; it must be {expected_value(name)}" for name in names]
    if problems:
        raise ParameterError("\n".join(problems))
    return parameters
