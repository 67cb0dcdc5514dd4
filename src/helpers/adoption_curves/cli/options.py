"""Options that several commands have, and how they are read; -p and -f are papermill's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import click

from ..base.columns import CHOICES
from ..base.files import read_file
from ..base.formats import escape, quote, shorten
from ..base.project import Source, UserError, count_processors

_Decorator: TypeAlias = Callable[[Callable[..., None]], Callable[..., None]]
# Names and values of -p.
Pairs: TypeAlias = tuple[tuple[str, str], ...]
Files: TypeAlias = tuple[Path, ...]
# Values of options that say how to read a file, by name.
_Choices: TypeAlias = Mapping[str, tuple[str, ...]]
PATH = click.Path(path_type=Path)
_WHOLE_NUMBER = click.IntRange(1)
_WHOLE_NUMBER.name = "whole number"  # as a refusal calls it


def flag(name: str, meaning: str) -> _Decorator:
    """An option that is given or not."""
    return click.option(name, is_flag=True, help=meaning)


pairs = click.option(
    "-p", "--parameters", "pairs", metavar="NAME VALUE", nargs=2, multiple=True, help="Set a parameter."
)
files = click.option(
    "-f", "--parameters_file", "files", metavar="FILE", type=PATH, multiple=True, help="Read parameters from YAML."
)
workers = click.option(
    "--workers",
    metavar="N",
    type=_WHOLE_NUMBER,
    default=lambda: count_processors() + 1,
    help="Run N notebooks at a time; by default one more than processors.",
)
data_folder = click.option(
    "--data", metavar="PATH", default="data", help="Folder of data, or a file of your own: FILE?unit=...&measure=..."
)
strict = flag(
    "--strict", "Refuse own data with cells left out, values of the last run lost, or a newest one that slipped."
)
wait = flag("--wait", "Wait for another process that makes the same run.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def choices(command: Callable[..., None]) -> Callable[..., None]:
    """Command with an option for each of `CHOICES`; it gets their values by name, none for one that is not given."""
    for name, meaning in reversed(CHOICES.items()):
        command = click.option(f"--{name}", metavar="TEXT", multiple=True, help=meaning)(command)
    return command


def read_options(pairs: Iterable[tuple[str, str]], files: Iterable[Path] = ()) -> dict[str, Any]:
    """Parameters by name, from files and from -p, which wins.

    Parameters
    ----------
    pairs : iterable of (name, value)
    files : iterable of Path

    Returns
    -------
    dict

    Raises
    ------
    UserError
        For a file that cannot be read as parameters, or a pair in another form.
    """
    parameters: dict[str, Any] = {}
    for path in files:
        option = f"-f {escape(str(path))}"
        try:
            parameters |= _read_yaml(read_file(path).removeprefix("\ufeff"), option)
        except UnicodeDecodeError as error:
            raise UserError(f"{option}: the file isn't UTF-8 text; save it as UTF-8.") from error
        except (OSError, ValueError) as error:
            raise UserError(f"{option}: the file can't be read ({getattr(error, 'strerror', error)}).") from error
    for name, value in pairs:
        if "=" in name:
            raise UserError(f"-p {name}: put a blank between name and value, as in: -p indicator genai_users")
        parameters[name] = _read_value(value)
    if parameters.get("until") and "horizon_years" in parameters:
        raise UserError("-p until and -p horizon_years both say how far ahead: give one of them.")
    return parameters


def _read_yaml(text: str, option: str) -> dict[str, Any]:
    """Parameters in YAML text; a `UserError` names the `option` it came from."""
    from ..runs.parameters import parse_yaml

    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise UserError(f"{option}: {shorten(str(error), 300)}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(f"{option}: parameters are written as 'name: value', this is {quote(content)}.")
    return {str(name): value for name, value in content.items()}


def _read_value(text: str) -> Any:
    """A list in YAML as such; any other text as it is, which the parameter's type reads."""
    from ..runs.parameters import parse_yaml

    if text.startswith("[") and text.endswith("]"):
        with suppress(ValueError):
            return parse_yaml(text)
    return text


def read_source(data: str, choices: _Choices) -> Source:
    """A path of data, with the options that say how to read its file."""
    options = {name.replace("_", "-"): texts for name, texts in choices.items() if texts}
    return Source.read(data).choose(**{name: texts if texts[1:] else texts[0] for name, texts in options.items()})


def read_run_options(pairs: Pairs, files: Files, choices: _Choices) -> dict[str, Any]:
    """Parameters of a run; `data` is a path from here, with the options that say how to read its file.

    Parameters
    ----------
    pairs, files : as in `read_options`
    choices : dict
        Values of the options of `choices`, none for one that is not given.

    Returns
    -------
    dict

    Raises
    ------
    UserError
        As from `read_options`; or for an option that says how to read a file where none is named.
    """
    parameters = read_options(pairs, files)
    if isinstance(parameters.get("data"), str):
        parameters["data"] = str(read_source(parameters["data"], choices).find_from_here())
    elif names := [name for name, texts in choices.items() if texts]:
        raise UserError(f"--{names[0]} says how to read a file; name the file: -p data FILE")
    return parameters
