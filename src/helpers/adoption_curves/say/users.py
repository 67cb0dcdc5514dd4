"""An amount with the people whom it counts and what they do, and who published it, as sentences and titles have it."""

from __future__ import annotations

import re

from ..base.columns import UNNAMED
from ..base.words import say_figure, say_place
from ..indicators import Names

_OFFICE = re.compile("Office|Bureau|Ministry|Institute|Agency|Center|Centre")
"""How a publisher's name begins that takes an article."""


def say_base(names: Names, amount: str) -> str:
    """An amount behind the title: of what a share is, and what an index is.

    >>> say_base(Names("Heat pumps", "percent of homes"), "28%")
    '28% of homes'
    """
    unit = names.unit
    if unit.startswith("index"):
        return f"{amount} ({re.sub('[()]', '', unit)})"
    return f"{amount} of {unit.removeprefix('percent of ')}" if unit.startswith("percent of ") else amount


def say_doing(names: Names, amount: str, ahead: str = "", past: bool = False) -> str:
    """An amount of people who do something: "602 million people in China use generative AI"; "" without a verb."""
    who = f"{amount} of {names.people}" if names.unit.startswith("percent") else amount
    where = "" if names.entity == UNNAMED else f" in {say_place(names.entity)}"
    verb = re.sub("^use\\b", "used", names.doing) if past else f"{ahead}{names.doing}"
    return f"{who}{where} {verb}" if names.doing else ""


def say_users(names: Names, value: float) -> str:
    """A level for a figure's title: "602 million people in China used generative AI"; "Heat pumps: 28% of homes"."""
    amount = say_figure(value, names.unit, names.own)
    return say_doing(names, amount, past=True) or f"{names.title}: {say_base(names, amount)}"


def say_publisher(name: str) -> str:
    """The name of a publisher with its article."""
    return f"the {name}" if _OFFICE.match(name) else name
