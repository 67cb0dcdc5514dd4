"""Words of scale, percent, rates and totals in texts beside a table: they are compared with the unit, never applied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_WORDS = {"hundred": 1e2, "thousand": 1e3, "lakh": 1e5, "million": 1e6, "crore": 1e7, "billion": 1e9, "trillion": 1e12,
         "tausend": 1e3, "millier": 1e3, "mio": 1e6, "mrd": 1e9, "milliarde": 1e9, "milliard": 1e9}  # fmt: skip
_SHORT = {"k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "bn": 1e9, "tn": 1e12}
_CHINESE = {"十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_SIZES = _WORDS | _SHORT | _CHINESE | {"ten": 1e1, "000": 1e3}
_CALLED = {1.0: "", 1e3: "thousand", 1e4: "10 thousand", 1e5: "100 thousand", 1e6: "million", 1e7: "10 million",
          1e8: "100 million", 1e9: "billion", 1e12: "trillion"}  # fmt: skip
"""Words for a scale, in advice."""
_DIGITS = r"\d+(?:[.,]\d+)*"
_WORD = rf"(?:{'|'.join(_WORDS)})(?:s|n|en)?\b"
_SCALE = (
    rf"(?:(?:{_DIGITS}|\bone|\bten)[\s-]*)?{_WORD}(?:(?: of)? {_WORD})*"  # 100 million, hundreds of thousands
    rf"|(?:(?<=[(\[,;:/$£€¥])\s*|\bin |^|(?<=[\s\w]) )(?:{_DIGITS}\s?)?(?:mn|mln|bn|tn)(?![\w'-])"
    rf"|(?:(?<=[(\[,;:/$£€¥])\s*|\bin |^)(?:{_DIGITS}\s?)?[km](?![\w'-])|{_DIGITS}(?:k|m|mn|bn)(?![\w'-])"
    r"|['\u2019]000|\b000s|(?<=[(\[x×])\s*10*(?:,?000)+s?\b|\bin 10*(?:,?000)+s?\b"
    r"|(?:\d|(?<=[(（：:]))?[十百千万亿]*[千万亿](?=[人户元台辆个件次部吨家]|$|[)）\s])"
    r"|(?<=[\d(（：:])[十百千万亿]*[千万亿]"
)
"""A scale, with the number before it."""
_NO_SCALE = rf"(?i)(?:\btop|\bthan|\bover|\bunder|=|\bout of)\s+(?:(?:a|an|one|the)\s+)?(?:{_DIGITS}\s*)?(?:{_WORD})?"
"""Words before which a number is none: "the top million", "more than a thousand", "2015 = 1000"."""
_RATE = r"(?i)\bper\b(?! ?cent)[^)\]）;,]*(?:,\d{3}[^)\]）;,]*)*|每[千万百]?\w+"
_PERCENT = r"(?i)[%％]|\bper ?cent|\bpct\b|百分|\bper (?:hundred|100)\b(?!,?\d)"
_SO_FAR = r"(?i)\bcumulative|\bso far\b|\bto date\b|累计|累積"


class Meaning(NamedTuple):
    """What a text says of figures: rate, percent, total so far, and scales (how many one counts) with their words."""

    text: str
    rate: str
    percent: str
    so_far: str
    scales: dict[float, str]


def read_meaning(text: str) -> Meaning:
    """Find rate, percent, total and scale in a text; what stands behind "per" is no scale.

    >>> read_meaning("Users (100 million)").scales, read_meaning("MAU ('000)").scales, read_meaning("规模(万人)").scales
    ({100000000.0: '100 million'}, {1000.0: "'000"}, {10000.0: '万'})
    >>> read_meaning("Births (per 1,000)").rate, read_meaning("Births (per 1,000)").scales
    ('per 1,000', {})
    """
    said, text = text, text.replace("_", " ")
    found = [re.search(pattern, text) for pattern in (_RATE, _PERCENT, _SO_FAR)]
    rest = re.sub(_NO_SCALE, "", re.sub(_RATE, "", text))
    words = [match[0].strip(" ,").removeprefix("in ") for match in re.finditer(f"(?i){_SCALE}", rest)]
    rate, percent, so_far = (match[0].strip() if match else "" for match in found)
    return Meaning(said, rate, percent, so_far, {measure_scale(word): word for word in words})


def measure_scale(words: str) -> float:
    """How many a scale counts: 1e8 for "100 million", 1e5 for "hundreds of thousands", 1e4 for 万."""
    scale = 1.0
    for part in re.findall(rf"{_DIGITS}|[a-z]+|[{''.join(_CHINESE)}]", words.casefold().replace(",", "")):
        single = part if part in _SIZES else re.sub("(s|en|n)$", "", part)
        scale *= _SIZES[single] if single in _SIZES else float(part) if part[0].isdigit() else 1.0
    return scale


def contradict(where: str, said: Meaning, unit: str, measure: str) -> str:
    """What a text beside the table says that unit and measure do not, with what to write; "" for nothing.

    Parameters
    ----------
    where : str
        Place of the text, as the subject of the sentence.
    said : Meaning
        Of the text.
    unit : str
        Its label, in which "%" is written "percent".
    measure : {"level", "cumulative", "flow"}

    Returns
    -------
    str
    """
    ours = read_meaning(unit)
    if said.so_far and measure != "cumulative":
        return f"{where} says {said.so_far}: write --measure cumulative"
    if said.rate and not ours.rate and not (said.percent and ours.percent):
        counted = "" if ours.percent else f"{unit} "
        return f'{where} says {said.rate}: write --unit "{counted}{said.rate}" --measure {measure}'
    if said.percent and not ours.percent:
        return f'{where} says {said.percent}: write --unit "{suggest_units(said.text, 50.0)[0]}"'
    return contradict_scale(where, said.scales, unit)


def contradict_scale(where: str, scales: Mapping[float, str], unit: str) -> str:
    """That a unit has none of these scales, which are given with their words, and what to write; "" if it has one."""
    if not scales or scales.keys() & (read_meaning(unit).scales.keys() or {1.0}):
        return ""
    [(scale, word), *_] = scales.items()
    counted = re.sub(f"(?i){_SCALE}", "", unit).strip(" ,")
    return f'{where} says ({word}): write --unit "{_scale_unit(scale, word, counted)}", or multiply the figures'


def _scale_unit(scale: float, word: str, counted: str) -> str:
    """A unit of this scale."""
    counted = "" if counted.startswith("percent") else counted
    return f"{_CALLED.get(scale, word)} {counted}".strip()


def suggest_units(text: str, largest: float) -> list[str]:
    """Two units for figures beside this text, of which none contradicts it."""
    said = read_meaning(text)
    if said.rate:
        counted = re.sub(r"[^\w %]+$|[(（].*", "", text.partition(said.rate)[0].strip()).strip()
        return [f"{counted} {said.rate}".strip(), said.rate]
    if said.percent:
        base = re.search(r"(?i)(?:%|per ?cent|percentage) ([^()\[\]（）]*\w)", text)
        return [f"% {base[1]}", "%"] if base else ["%", "percent"]
    if said.scales:
        [(scale, word), *_] = said.scales.items()
        return [_scale_unit(scale, word, counted) for counted in ("people", "devices")]
    return ["people", "% of homes"] if 1 < largest <= 100 else ["people", "thousand people"]
