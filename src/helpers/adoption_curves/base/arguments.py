"""The first argument of public functions: of the type that is wanted, or refused in a sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import SimpleNamespace, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from .dates import REAL

_Function = TypeVar("_Function", bound=Callable[..., Any])


def check_first(function: _Function) -> _Function:
    """Return the function, which now raises a `TypeError` for a first argument of another type than its annotation.

    >>> @check_first
    ... def total(values: Sequence[float]) -> float:
    ...     return sum(values)
    >>> total("12")
    Traceback (most recent call last):
    TypeError: total() takes Sequence of float as values, not a str
    """
    name, first = next(iter(inspect.signature(function).parameters.items()))
    hint: list[Any] = []  # resolved when it is first called: then all that it names is imported

    @wraps(function)
    def checked(*given: Any, **named: Any) -> Any:
        if not hint:
            alone: Any = SimpleNamespace(__annotations__={name: first.annotation})
            hint.append(get_type_hints(alone, inspect.unwrap(function).__globals__)[name])
        value = given[0] if given else named.get(name, first.default)
        if not _fits(value, hint[0]) and value is not inspect.Parameter.empty:
            wanted = str(first.annotation).replace("pd.", "pandas ").replace(" | ", " or ")
            wanted = wanted.replace("[", " of ").replace("]", "")
            kind = "None" if value is None else f"a {type(value).__name__}"
            raise TypeError(f"{function.__name__}() takes {wanted} as {name}, not {kind}")
        return function(*given, **named)

    return checked  # type: ignore[return-value]


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type; of a sequence or a mapping each part is looked at."""
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        return any(_fits(value, part) for part in parts)
    if kind is float:
        return isinstance(value, REAL) and not isinstance(value, bool)
    if not isinstance(value, kind) or (isinstance(value, str) and kind is not str):
        return False
    if issubclass(kind, Mapping):
        return all(_fits(one, parts[1]) for one in value.values()) if parts else True
    return all(_fits(one, parts[0]) for one in value) if parts and issubclass(kind, Sequence) else True
