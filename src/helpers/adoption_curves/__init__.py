"""Adoption curves: how fast a technology spreads, and how sure anyone can be of where it goes.

Each room imports only rooms above it in this list, lazy imports included. The contract in pyproject.toml names the
exceptions (such as `Forecast.plot` and `AdoptionSeries.plot`), and `make check` enforces it:

- ``base``: dates, levels, files and folders, numbers and words, quotes of what others wrote.
- ``indicators``: load and check tables and own files, select a series with its limit and breaks, compare countries.
- ``curves``: a class for each family; least squares, profile intervals, the verdict on a saturation level.
- ``forecast``: the path and its intervals, simulated paths, the `Forecast`; backtest, benchmarks and register.
- ``say``: findings and key numbers in words, from the tables of a run.
- ``show``: figures, tables.
- ``runs``: parameters, notebooks, manifests, pages, exports, sweeps.
- ``cli``: the commands.
"""

from importlib import import_module, metadata
from typing import Any

_ROOMS = ("base", "cli", "curves", "forecast", "indicators", "runs", "say", "show")


def __getattr__(name: str) -> Any:
    """A room, imported when it is first asked for, as some take seconds; and the version."""
    if name == "__version__":
        return metadata.version("adoption-curves")
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__} has no attribute {name}")


def __dir__() -> list[str]:
    return [*_ROOMS, "__version__"]
