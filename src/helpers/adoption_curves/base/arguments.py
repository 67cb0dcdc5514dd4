"""Type check of the first argument of public functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import SimpleNamespace, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from .dates import REAL


def check_first_arguments(public: dict[str, Any]) -> None:
    """Make public functions raise a `TypeError` if their first argument does not have the annotated type.

    Parameters
    ----------
    public : dict
        Namespace of a package with ``__all__``. Its functions are replaced by functions that check.
    """
    for name in public["__all__"]:
        if inspect.isfunction(public[name]):
            public[name] = _check_first(public[name])


def _check_first(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with a check of its first argument.

    >>> def total(values: Sequence[float]) -> float:
    ...     return sum(values)
    >>> _check_first(total)("12")
    Traceback (most recent call last):
    TypeError: total() takes Sequence of float as values, not str
    """
    name, first = next(iter(inspect.signature(function).parameters.items()))
    alone: Any = SimpleNamespace(__annotations__={name: first.annotation})  # other annotations may not be importable
    hint = get_type_hints(alone, function.__globals__)[name]
    wanted = str(first.annotation).replace("pd.", "pandas ").replace(" | ", " or ")
    wanted = wanted.replace("[", " of ").replace("]", "")

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        value = args[0] if args else kwargs.get(name, first.default)
        if not _fits(value, hint) and value is not inspect.Parameter.empty:
            kind = "None" if value is None else type(value).__name__
            raise TypeError(f"{function.__name__}() takes {wanted} as {name}, not {kind}")
        return function(*args, **kwargs)

    return checked


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value has a type; each item of a sequence or mapping is checked too."""
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
