"""Numbers as tables write them: a column is read with the one mark of decimals with which all its cells are numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

SPACES = " '\u2019\u00a0\u2009\u202f"
PARTED = {",": r"\.", ".": ","}
"""What may part thousands, besides a space or an apostrophe, by the decimal mark."""


def write_plain(text: str, decimal: str) -> str:
    """A number as digits with a point, read with this decimal mark; "" for what is none.

    >>> write_plain("1.234,5", ","), write_plain("1,125", "."), write_plain("1,125", ","), write_plain("1,12", ".")
    ('1234.5', '1125', '1.125', '')
    """
    whole = rf"\d+|\d{{1,3}}(?P<mark>[{PARTED[decimal]}{SPACES}])\d{{3}}(?:(?P=mark)\d{{3}})*"
    match = re.fullmatch(
        rf"(?P<sign>[+-]?)(?P<whole>{whole})?(?:\{decimal}(?P<part>\d*))?(?P<power>[eE][+-]?\d+)?", text
    )
    if not match or not (match["whole"] or match["part"]):
        return ""
    digits = re.sub(r"\D", "", match["whole"] or "0")
    return f"{match['sign']}{digits}{'.' if match['part'] else ''}{match['part'] or ''}{match['power'] or ''}"


def find_decimals(cells: Sequence[str]) -> list[str]:
    """Decimal marks with which all cells that can be numbers are some; of those that read all alike only the point."""
    numbers = [cell for cell in cells if write_plain(cell, ".") or write_plain(cell, ",")]
    read = {tuple(write_plain(cell, mark) for cell in numbers): mark for mark in (",", ".")}
    return [mark for plain, mark in read.items() if all(plain)]
