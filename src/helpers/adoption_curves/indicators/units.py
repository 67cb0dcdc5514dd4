"""Units as files write them: which words are one, the scale that stands in it, and figures brought to units."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from ..base.words import UNSTATED
from .checks import FRACTION, read_unit
from .series import READ

LARGE = {"thousand": 1e3, "lakh": 1e5, "million": 1e6, "crore": 1e7, "billion": 1e9, "trillion": 1e12}
SHORT = {"'000": 1e3, "000s": 1e3, "000": 1e3, "1,000": 1e3, "1000": 1e3, "mn": 1e6, "mln": 1e6, "bn": 1e9, "tn": 1e12}
CHINESE = {"万亿": 1e12, "千亿": 1e11, "十亿": 1e9, "千万": 1e7, "百万": 1e6, "亿": 1e8, "万": 1e4, "千": 1e3}
SCALES = LARGE | {f"{word}s": size for word, size in LARGE.items()} | SHORT | CHINESE
COUNTED = {
    "number": "",
    "numbers": "",
    "人": "people",
    "户": "households",
    "用户": "users",
    "辆": "vehicles",
    "台": "units",
}
SCALE = rf"(?:{'|'.join(CHINESE)}|(?:{'|'.join(sorted(SCALES.keys() - CHINESE.keys(), key=len, reverse=True))})(?!\w))"
WORD = (
    "(?:people|persons?|individuals|inhabitants|adults|users?|subscribers|subscriptions|customers|accounts|members|"
    "students|workers|employees|households|homes|families|firms|companies|businesses|enterprises|units|devices|"
    "phones|cars|vehicles|seats|connections|lines|installations|visits|index)"
)
"""Words that a unit in brackets may count; scales, percentages and rates (per 100 people) are units too."""
SHARE = r"(?i)\b(?:shares?|rates?|penetration|percentages?|proportions?)\b|占比|比例|普及率|渗透率"
"""Words in a title for figures that may be percentages."""


def split_scale(unit: str) -> tuple[float, str]:
    """The factor that a unit has in front or at its end, and the unit without it.

    >>> split_scale("million users"), split_scale("persons, in thousands"), split_scale("万人"), split_scale("cars")
    ((1000000.0, 'users'), (1000.0, 'persons'), (10000.0, 'people'), (1.0, 'cars'))
    """
    first = re.fullmatch(rf"(?i)(?:in )?({SCALE})[\s,]*(?:of )?(.*)", unit.strip())
    last = re.fullmatch(rf"(?i)(.+?)[\s,(]+(?:in )?({SCALE})\)?", unit.strip())
    if not first and not last:
        return 1.0, COUNTED.get(unit.casefold(), unit)
    scale, rest = first.groups() if first else last.group(2, 1)  # type: ignore[union-attr]
    more, rest = split_scale(rest)  # hundred thousand, or thousand million
    return SCALES[scale.lower()] * more, rest


def say_scale(scale: float, unit: str) -> str:
    """A unit with the word for its scale, as a file prints it: thousand users."""
    words = {size: word for word, size in LARGE.items()} | {1.0: ""}
    return f"{words.get(scale, f'{scale:,.0f}')} {'units' if unit == UNSTATED else unit}".strip()


def is_unit(text: str) -> bool:
    """True if a text is a unit: a percentage, a rate, a scale, or up to three words that name what is counted."""
    scale, rest = split_scale(read_unit(text))
    if scale > 1 or re.match(rf"(?i)(?:percent|per)\b|{FRACTION}$", rest):
        return True
    named = rf"(?i){WORD}(?: \S+){{,3}}|(?:[^\W\d]+ ){{,2}}{WORD}"
    return rest in {*COUNTED.values()} - {""} or re.fullmatch(named, rest) is not None


def split_heading(heading: str) -> tuple[str, str]:
    """The unit and the title in the heading of figures; what stands in brackets and is no unit stays in the title.

    >>> split_heading("Users (million)"), split_heading("Share of homes, %"), split_heading("Downloads (iOS)")
    (('million', 'Users'), ('percent', 'Share of homes'), ('', 'Downloads (iOS)'))
    """
    heading = heading.translate(str.maketrans("（）", "()"))
    if inside := re.fullmatch(r"(.*?),?\s*[(\[]([^()\[\]]+)[)\]]", heading):
        parts = re.split(r",\s+", inside[2])
        units = [part for part in parts if is_unit(part)]
        shares = [part for part in units if read_unit(part).startswith("percent")][:1]
        if units := shares or units:
            rest = ", ".join(part for part in parts if part not in units)
            return read_unit(", ".join(units)), f"{inside[1]} ({rest})" if rest else inside[1]
    if percent := re.fullmatch(r"(?i)(.*?)[,:]?\s*(?:in )?(?:%|percent|per cent|pct)", heading):
        return "percent", percent[1]
    if scaled := re.fullmatch(rf"(?i)(.*?)[,:]?\s+((?:in )?(?!\d|'){SCALE}(?: [^\W\d_]+)?)", heading):
        return scaled[2], scaled[1]
    if re.match(rf"(?i)(?!\d|'){SCALE}", heading):
        return heading, split_scale(heading)[1]
    return "", heading


def bring_to_units(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables whose figures are in units: what is printed in thousands or millions is multiplied, and its unit is plain.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Typed, with observations and indicators.

    Returns
    -------
    dict of str to DataFrame
        The indicators have one column more, ``scale``: how many units the printed figures count in.
    """
    indicators, observations = tables["indicators"], tables["observations"].copy()
    scales, units = zip(*indicators["unit"].map(split_scale), strict=True)
    indicators = indicators.assign(scale=scales, unit=pd.array([unit or UNSTATED for unit in units], dtype="str"))
    scale = observations["indicator"].map(indicators.drop_duplicates("indicator").set_index("indicator")["scale"])
    scaled = scale > 1
    for name in ("value", "standard_error", "precision", *READ):
        if name not in observations:
            continue
        product = observations.loc[scaled, name] * scale[scaled]
        observations.loc[scaled, name] = [float(f"{one:.12g}") for one in product]  # 2.3 x 10^8 as it is written
    return {**tables, "indicators": indicators, "observations": observations}
