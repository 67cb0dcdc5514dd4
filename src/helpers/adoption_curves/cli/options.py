"""Options shared by several commands, and how they are read; -p and -f are those of papermill."""

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
# Values of the options that describe how to read a file, by name.
_Choices: TypeAlias = Mapping[str, tuple[str, ...]]
PATH = click.Path(path_type=Path)
_WHOLE_NUMBER = click.IntRange(1)
_WHOLE_NUMBER.name = "whole number"  # the word in error messages


def flag(name: str, meaning: str) -> _Decorator:
    """Option without a value."""
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
    help="Notebooks to run at a time; by default one more than processors.",
)
data_folder = click.option(
    "--data", metavar="PATH", default="data", help="Data folder, or a file of your own: FILE?unit=...&measure=..."
)
strict = flag("--strict", "Fail if cells were skipped, values of the last run are missing, or the latest looks wrong.")
wait = flag("--wait", "Wait if another process makes the same run.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def choices(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each of `CHOICES` to a command, which gets their values by name."""
    for name, meaning in reversed(CHOICES.items()):
        command = click.option(f"--{name}", metavar="TEXT", multiple=True, help=meaning)(command)
    return command


def read_options(pairs: Iterable[tuple[str, str]], files: Iterable[Path] = ()) -> dict[str, Any]:
    """Parameters by name, from files and from -p, which takes precedence.

    Parameters
    ----------
    pairs : iterable of (name, value)
        Values of -p.
    files : iterable of Path
        Values of -f.

    Returns
    -------
    dict

    Raises
    ------
    UserError
        If a file has no parameters, or a pair has another form.
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
            raise UserError(f"-p {name}: write a space between name and value, as in: -p indicator genai_users")
        parameters[name] = _read_value(value)
    if parameters.get("until") and "horizon_years" in parameters:
        raise UserError("-p until and -p horizon_years both set the end of the forecast; use one of them.")
    return parameters


def _read_yaml(text: str, option: str) -> dict[str, Any]:
    """Parameters in YAML text; `option` is named in errors."""
    from ..runs.parameters import parse_yaml

    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise UserError(f"{option}: {shorten(str(error), 300)}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(f"{option}: expected lines such as 'name: value', got {quote(content)}.")
    return {str(name): value for name, value in content.items()}


def _read_value(text: str) -> Any:
    """A list in YAML as a list; any other text unchanged, because the type of the parameter converts it."""
    from ..runs.parameters import parse_yaml

    if text.startswith("[") and text.endswith("]"):
        with suppress(ValueError):
            return parse_yaml(text)
    return text


def read_source(data: str, choices: _Choices) -> Source:
    """Path of the data, with the options that describe how to read a file."""
    options = {name.replace("_", "-"): texts for name, texts in choices.items() if texts}
    return Source.read(data).choose(**{name: texts if texts[1:] else texts[0] for name, texts in options.items()})


def read_run_options(pairs: Pairs, files: Files, choices: _Choices) -> dict[str, Any]:
    """Parameters of a run; `data` is relative to the working directory and includes the options for the file.

    Parameters
    ----------
    pairs : iterable of (name, value)
        Values of -p.
    files : iterable of Path
        Values of -f.
    choices : dict
        Values of the options in `choices`, by name.

    Returns
    -------
    dict

    Raises
    ------
    UserError
        As from `read_options`; or if an option for a file is used without a file.
    """
    parameters = read_options(pairs, files)
    if isinstance(parameters.get("data"), str):
        parameters["data"] = str(read_source(parameters["data"], choices).find_from_here())
    elif names := [name for name, texts in choices.items() if texts]:
        raise UserError(f"--{names[0]} describes a file; name the file with -p data FILE")
    return parameters
