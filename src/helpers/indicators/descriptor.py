"""Read datapackage.json, the Frictionless descriptor of a data folder: columns, types, constraints and keys."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ValidationError

from helpers.indicators.opening import read_text
from helpers.indicators.problems import DataError, Problem

TABLES = ("observations", "indicators", "sources", "claims")
NEEDED = {
    "observations": {"entity", "indicator", "date", "value", "bound", "source_id", "confidence", "note"},
    "indicators": {"indicator", "title", "unit", "base", "base_indicator", "role", "technology", "rate_of"}
    | {"breaks", "suspected_breaks", "note"},
    "sources": {"source_id", "title", "publisher", "licence"},
    "claims": {"claim_id", "entity", "statement", "reported", "unit", "comparison", "rule", "first", "second"}
    | {"agrees_with", "note"},
}


def _compile(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError) as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from error
    return pattern


class Constraints(BaseModel):
    """What the cells of a field must keep to."""

    required: bool = False
    minimum: float | str | None = None
    enum: list[str] | None = None
    pattern: Annotated[str, AfterValidator(_compile)] | None = None


class Field(BaseModel):
    """A column."""

    name: str
    type: Literal["string", "number", "date"]
    description: str
    constraints: Constraints = Constraints()


class Reference(BaseModel):
    """The table and column that a foreign key points to; an empty name is the table itself."""

    resource: Literal["", "observations", "indicators", "sources", "claims"]
    fields: Annotated[list[str], AfterValidator(lambda names: names[:1] or [""])]


class ForeignKey(BaseModel):
    """A column whose values stand in another table."""

    fields: list[str]
    reference: Reference


class Schema(BaseModel):
    """A Table Schema, as far as it is read."""

    fields: list[Field]
    primaryKey: str | list[str]
    foreignKeys: list[ForeignKey] = []


def read_descriptor(path: Path) -> dict[str, dict[str, Any]]:
    """Return the Table Schema of each table.

    Raises
    ------
    DataError
        Where the file is missing, is not JSON, or does not describe the four tables with the columns that are needed.
    """
    problems: list[Problem] = []
    if not path.exists():
        problems.append(Problem(path.name, None, "", "", f"is missing in {path.parent}; copy it from the folder data/"))
    text = None if problems else read_text(path, problems)
    if text is None:
        raise DataError(problems)
    try:
        resources = json.loads(text)["resources"]
        schemas = {resource["name"]: resource["schema"] for resource in resources if resource["name"] in TABLES}
        checked = {name: Schema.model_validate(schemas[name]) for name in TABLES}
    except json.JSONDecodeError as error:
        raise DataError([Problem(path.name, error.lineno, "", "", f"is not JSON: {error.msg}")]) from error
    except ValidationError as error:
        raise _blame(path, _name_first(error)) from error
    except (KeyError, TypeError, RecursionError) as error:
        raise _blame(path, repr(error)) from error
    missing = {name: sorted(NEEDED[name] - {field.name for field in checked[name].fields}) for name in TABLES}
    problems = [
        Problem(path.name, None, "", "", f"lacks the fields {', '.join(names)} of {table}")
        for table, names in missing.items()
        if names
    ]
    if problems:
        raise DataError(problems)
    _check_keys(path, checked)
    return schemas


def _check_keys(path: Path, schemas: Mapping[str, Schema]) -> None:
    """Check that the columns that keys name are there."""
    names = {table: {field.name for field in schema.fields} for table, schema in schemas.items()}
    for table, schema in schemas.items():
        keys = [schema.primaryKey] if isinstance(schema.primaryKey, str) else schema.primaryKey
        named = [(table, name) for name in keys]
        for key in schema.foreignKeys:
            named += [
                (table, key.fields[0] if key.fields else ""),
                (key.reference.resource or table, key.reference.fields[0]),
            ]
        unknown = next(
            (f"{name!r} of {other}" for other, name in named if name not in names[other]), "" if keys else "''"
        )
        if unknown:
            raise _blame(path, f"a key of {table} names the field {unknown}, which is not there")


def _name_first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"


def _blame(path: Path, reason: str) -> DataError:
    message = f"does not describe the tables {', '.join(TABLES)} ({reason}); copy it from the folder data/"
    return DataError([Problem(path.name, None, "", "", message)])
