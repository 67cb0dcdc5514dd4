"""Numbers as the press writes them, for headline, deck and quotation: 1.16 billion, 121,900, 8 to 38%."""

from __future__ import annotations

from ..base.formats import format_newest, format_percent, format_unit

_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}


def split_unit(unit: str) -> tuple[float, str]:
    """The factor in a unit, and what is counted; of percentages and indices the sign behind the number.

    >>> split_unit("million people"), split_unit("heat pumps"), split_unit("percent of homes")
    ((1000000.0, 'people'), (1.0, 'heat pumps'), (1.0, '%'))
    """
    word, _, noun = unit.partition(" ")
    return (_SCALES[word], noun) if word in _SCALES else (1.0, format_unit(unit).strip())


def format_number(value: float, unit: str, digits: int = 3) -> str:
    """A number of a unit without what it counts, with so many significant digits.

    >>> format_number(1156.7, "million people"), format_number(121.9, "thousand cars"), format_number(4509, "users")
    ('1.16 billion', '122,000', '4,510')
    """
    scale, _ = split_unit(unit)
    size = float(f"{value * scale:.{digits}g}")
    for word, factor in (("billion", 1e9), ("million", 1e6)):
        if abs(size) >= factor:
            return f"{size / factor:,.15g} {word}"
    return f"{size:,.15g}"


def format_value(value: float, unit: str, own: bool = False) -> str:
    """A published value, and one of own data with all its digits, with what it counts.

    >>> format_value(1010, "million users"), format_value(121.9, "thousand heat pumps"), format_value(8.4, "percent")
    ('1.01 billion users', '121,900 heat pumps', '8.4%')
    """
    scale, noun = split_unit(unit)
    if scale != 1e3 and abs(value) * scale < 1e9:
        return format_newest(value, unit, own)
    return f"{format_number(value, unit, 15 if own else 4)} {noun}"


def format_end(value: float, high: float, unit: str) -> str:
    """The median or an end of an interval that ends at `high`, without what it counts.

    >>> format_end(1063.2, 1157, "million people"), format_end(86.4, 94, "percent"), format_end(2.31, 3, "percent")
    ('1.06 billion', '86%', '2.3%')
    """
    if split_unit(unit)[1] == "%":
        return f"{value:.1f}%" if high < 10 or 99.5 <= high < 99.95 else format_percent(value)
    return format_number(value, unit)


def format_interval(low: float, high: float, unit: str) -> str:
    """An interval of a forecast without what it counts; "million" stands once where both ends have it.

    >>> format_interval(764, 1157, "million people"), format_interval(764, 801, "million people")
    ('764 million to 1.16 billion', '764 to 801 million')
    >>> format_interval(8.1, 38.2, "percent of firms"), format_interval(1.2, 3.81, "percent of firms")
    ('8 to 38%', '1.2 to 3.8%')
    """
    first, last = format_end(low, high, unit), format_end(high, high, unit)
    for shared in ("%", " million", " billion"):
        first = first.removesuffix(shared) if last.endswith(shared) else first
    return f"{first} to {last}"
