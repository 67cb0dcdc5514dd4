"""Options -p and -f of the command line, as papermill has them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from ..base.columns import CHOICES
from ..base.source import Source
from ..base.words import escape, quote, shorten

Pairs = Annotated[
    list[str] | None,
    typer.Option("-p", "--parameters", metavar="NAME VALUE", help="Set a parameter: text, list, number or null."),
]
MAX_BYTES = 100_000  # of a file of parameters
PAIRED = ("-p", "--parameters")


def read_options(pairs: Iterable[str], files: Iterable[Path]) -> dict[str, Any]:
    """Parameters by name, from files and from -p, which wins."""
    given: dict[str, Any] = {}
    for path in files:
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
            if len(content) > MAX_BYTES:
                raise typer.BadParameter(f"-f {escape(str(path))}: the file is larger than parameters can be.")
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise typer.BadParameter(f"-f {escape(str(path))}: the file isn't UTF-8 text; save it as UTF-8.") from error
        except OSError as error:
            raise typer.BadParameter(f"-f {escape(str(path))}: the file can't be read ({error.strerror}).") from error
        given |= read_yaml(text, f"-f {escape(str(path))}")
    for pair in pairs:
        name, _, value = pair.partition("=")
        given[name] = read_value(value)
    return given


def read_yaml(text: str, option: str) -> dict[str, Any]:
    """Parameters in YAML text."""
    from ..runs.parameters import parse_yaml

    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {shorten(str(error), 300)}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise typer.BadParameter(f"{option}: parameters are written as 'name: value', this is {quote(content)}.")
    return {str(name): value for name, value in content.items()}


def read_value(text: str) -> Any:
    """A list in YAML as such; any other text as it is, which the parameter's type reads."""
    from ..runs.parameters import parse_yaml

    if text.startswith("[") and text.endswith("]"):
        with suppress(ValueError):
            return parse_yaml(text)
    return text


def join_pairs(words: Iterable[str]) -> list[str]:
    """Command-line words with each ``-p NAME VALUE`` as ``-p NAME=VALUE``: typer's repeated options take one word.

    What follows ``--`` is another program's.
    """
    joined: list[str] = []
    rest = iter(words)
    for word in rest:
        joined.append(word)
        if word == "--":
            return [*joined, *rest]
        if word in PAIRED:
            name = next(rest, None)
            value = "" if name is None or "=" in name else next(rest, None)
            if name is None or value is None:
                raise typer.BadParameter(f"{word} needs a name and a value, as in: {word} indicator genai_users")
            joined.append(name if "=" in name else f"{name}={value}")
    return joined


def add_choices(command: Callable[..., None]) -> Callable[..., None]:
    """Command with an option for each of `CHOICES`; it gets those that are given as the dict `choices`."""

    @wraps(command)
    def wrapped(**given: Any) -> None:
        chosen = {name: given.pop(f"read_{name}") for name in CHOICES}
        command(**given, choices={name: text for name, text in chosen.items() if text is not None})

    signature = inspect.signature(command, eval_str=True)
    options = [one for name, one in signature.parameters.items() if name != "choices"]
    for name, meaning in CHOICES.items():
        option = Annotated[str | None, typer.Option(f"--{name}", metavar="TEXT", help=meaning)]
        place = inspect.Parameter.KEYWORD_ONLY
        options.append(inspect.Parameter(f"read_{name}", place, default=None, annotation=option))
    wrapped.__signature__ = signature.replace(parameters=options)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {one.name: one.annotation for one in options} | {"return": None}
    return wrapped


def locate_data(given: dict[str, Any], choices: dict[str, str]) -> None:
    """Rewrite the parameter `data` as a path from here, with the options that read its file."""
    if isinstance(given.get("data"), str):
        given["data"] = str(Source.read(given["data"]).choose(**choices).find_from_here())
    elif choices:
        raise typer.BadParameter(f"--{next(iter(choices))} says how to read a file; name the file: -p data FILE")
