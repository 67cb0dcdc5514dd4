"""The explorer in a notebook: the panel where a person can move it, else its view as a figure and a table."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import HTML, display

from helpers import tables
from helpers.explore.picture import draw
from helpers.explore.study import Choice, Study, View
from helpers.explore.words import judge, list_numbers


def show(
    entity: str,
    indicator: str,
    bound: str = "internet_users",
    as_of: str = "",
    families: tuple[str, ...] | list[str] = ("logistic",),
    horizon_years: float = 5,
    data: Any = "data",
) -> None:
    """Show the explorer: sliders and figure for a person, a figure and a table where there is nobody to move them.

    Nobody is there when a notebook is executed by papermill, nbclient or nbconvert, or without ipywidgets.

    Parameters
    ----------
    entity, indicator, bound, as_of, horizon_years, data : as the parameters of a run
    families : sequence of str
        The first one is shown first.

    Raises
    ------
    ParameterError, DataError
        For a value that a run would refuse too.
    """
    from helpers.parameters import read_parameters

    given = {"entity": entity, "indicator": indicator, "bound": bound, "as_of": as_of, "families": list(families)}
    checked = read_parameters(given | {"horizon_years": horizon_years, "data": str(data)})
    study = Study(checked.data, checked.bound)
    study.select(entity, indicator, as_of)  # for its error, before anything is shown
    choice = Choice(entity, indicator, checked.families[0], as_of=as_of, horizon_years=checked.horizon_years)
    if can_move():
        from helpers.explore.panel import Panel

        display(Panel(study, choice))
    else:
        show_still(study.look(choice))


def can_move() -> bool:
    """Whether there are widgets and a person: a front end that lets a cell ask its reader for input."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None or find_spec("ipywidgets") is None:
        return False
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin", False))


def show_still(view: View) -> None:
    """Display a view as a figure and a table that need no kernel and no network."""
    from helpers.indicators import name_series

    display(HTML(draw(view)))
    note = " ".join([judge(view)[1], *view.problems])
    display(tables.show(list_numbers(view), name_series(view.series)["title"], note, what="", number=""))
