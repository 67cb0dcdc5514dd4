"""Units as tables write them: percentages, rates and words of a scale in headings, title rows and columns of units."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from ..base.columns import BY_NAME
from ..base.languages import (
    BRACKETED,
    CHANGE,
    GENERAL,
    IN,
    MULTIPLES,
    NOTES,
    OF,
    PER,
    PERCENT,
    SCALES,
    UNIT,
    fold,
    list_words,
)

POWERS = {name: power for name, (power, _) in SCALES.items()}
SCRIPT = "千万萬百十亿億천만억"
"""Signs of a scale in scripts without blanks, where the next word follows at once."""
FOOTNOTE = r"\s*(\*+|[\u00b9\u00b2\u00b3\u2070-\u2079]+|(?<!\w)\(?\d\))$"
MOST_COUNTED = 2
"""Words of what is counted that a unit takes from a title: "million users", but "thousand" of a longer one."""
MOST_WORDS = 3
"""Words that a unit has behind 1,000: "1 000 persons", not "1000 employees in the firm or more"."""


@cache
def _list_phrases() -> dict[tuple[str, ...], str]:
    """Words of a scale and of a percentage, each as a tuple of its words, the longest first."""
    found = {tuple(word.split()): "percent" for word in list_words(PERCENT)}
    found |= {tuple(word.split()): name for name, (_, words) in SCALES.items() for word in list_words(words)}
    return dict(sorted(found.items(), key=lambda each: -len(each[0])))


@cache
def _list_short() -> dict[tuple[str, ...], str]:
    return {(word,): name for name, words in BRACKETED.items() for word in list_words([words])}


def _split(text: str) -> tuple[list[str], list[str]]:
    """The words of a text, and the same folded, without marks around them."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(rf"(?<=[{SCRIPT}])(?![{SCRIPT}])|(?<![{SCRIPT}])(?=[{SCRIPT}])|(?<=%)|(?=%)|(?<=[:：])", " ", text)
    text = re.sub(r"(?<![^\W\d_])[x×](?=1)", "x ", text)
    words = [word for word in text.split() if re.search(r"[\w%×]", word)]
    return words, [fold(word).strip(".,;:'\"()-") for word in words]


def _starts(plain: Sequence[str], phrases: dict[tuple[str, ...], str]) -> tuple[str, int]:
    """What scale, or percentage, words begin with, and how many of them say it."""
    return next(((name, len(each)) for each, name in phrases.items() if tuple(plain[: len(each)]) == each), ("", 0))


def read_phrase(text: str, alone: bool = False) -> str:
    """The unit that a phrase is: percentages begin with ``percent``, and words of a scale are English; "" for none.

    Parameters
    ----------
    text : str
        What stands in brackets, behind a comma, in a column of units, or a whole heading.
    alone : bool
        It is all that is said of the unit, so that a "k" is a thousand.

    Returns
    -------
    str

    Examples
    --------
    >>> read_phrase("in 1 000"), read_phrase("Tsd. Haushalte"), read_phrase("v tis. osob"), read_phrase("% of adults")
    ('thousand', 'thousand Haushalte', 'thousand osob', 'percent of adults')
    >>> read_phrase("per 100 inhabitants"), read_phrase("k", alone=True), read_phrase("万人"), read_phrase("k")
    ('per 100 inhabitants', 'thousand', 'ten thousand 人', '')
    """
    words, plain = _split(text)
    if set(plain) & set(list_words(CHANGE)):
        return ""
    led = 0
    heads = {word for phrase in list_words(UNIT) for word in phrase.split()} | set(list_words(IN))
    while len(plain) > led + 1 and plain[led] in heads:
        led += 1
    words, plain = words[led:], plain[led:]
    phrases = _list_phrases() | (_list_short() if alone or led else {})
    rated = len(plain) > 1 and plain[0] in list_words(PER)
    if rated and (re.fullmatch(r"1[0., ]*0", plain[1]) or _starts(plain[1:], _list_phrases())[0] in POWERS):
        return " ".join(["per", *words[1:]])
    name, size = _starts(plain, phrases)
    rest = words[size:]
    if name == "percent":
        rest = ["of", *rest[1:]] if rest and plain[size] in list_words(OF) else rest
        return " ".join(["percent", *rest])
    if name and (not plain[0][0].isdigit() or len(rest) <= MOST_WORDS):
        rest = rest[1:] if rest and fold(rest[0]).rstrip("'") in list_words(OF) else rest
        rest = [re.sub("^[dD]['\u2019]", "", rest[0]), *rest[1:]] if rest else rest
        return " ".join([name, *rest])
    return _read_end(words, plain, phrases)


def _read_end(words: Sequence[str], plain: Sequence[str], phrases: dict[tuple[str, ...], str]) -> str:
    """The unit that ends a phrase: "persons in thousands", "osoby w tys.", "EUR million"."""
    for each, name in phrases.items():
        before = len(plain) - len(each)
        if before < 1 or tuple(plain[before:]) != each or each in _list_short():
            continue
        joined = plain[before - 1] in list_words(IN)
        if plain[before - 1] in list_words(PER) + list_words(MULTIPLES) or (
            not joined and re.search(r"\d", plain[before - 1] + each[0])
        ):
            continue  # a rate, or a figure such as 3 million
        counted = [] if name == "percent" else words[: before - joined]
        return " ".join([name, *counted])
    return ""


def find_unit(heading: str) -> tuple[str, str]:
    """The unit and the title in the heading of a column of figures: "" where it says none.

    >>> find_unit("Users (million)"), find_unit("Haushalte, Tsd."), find_unit("Anteil in %")
    (('million users', 'Users'), ('thousand Haushalte', 'Haushalte'), ('percent', 'Anteil'))
    >>> find_unit("Adoption percent"), find_unit("Users (2021)"), find_unit("% change")
    (('percent', 'Adoption percent'), ('', 'Users (2021)'), ('', '% change'))
    """
    heading = unicodedata.normalize("NFKC", re.sub(FOOTNOTE, "", heading)).strip()
    words, plain = _split(heading)
    if set(plain) & set(list_words(CHANGE)) or len(find_words(heading)) > 1:  # of a percentage, not one
        return "", heading
    for part, title in _list_parts(heading):
        if unit := read_phrase(part, alone=True):
            return add_counted(unit, part, title), title
    if unit := read_phrase(heading):
        percent = unit.startswith("percent")
        said = "" if unit in POWERS or (percent and unit == "percent" and read_phrase(plain[0])) else heading
        return unit, (_take_end(said) if not percent or unit == "percent" else heading)
    for place in range(1, len(words)):
        if (unit := read_phrase(" ".join(words[place:]))).startswith("per "):
            return unit, " ".join(words[:place])
    if set(plain) & set(list_words(PERCENT)) and find_words(heading):
        return "percent", heading
    if inside := re.fullmatch(r"(.*?)\s*[(\[]\s*((?!\d)[^)\]]*[^\W\d_][^)\]]+?)\s*[)\]]", heading):
        return inside[2], inside[1]
    return "", heading


def _list_parts(heading: str) -> Iterable[tuple[str, str]]:
    """What stands in brackets, behind a comma or a slash, and the rest of the heading."""
    for inside in re.finditer(r"\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]", heading):
        yield inside[1], (heading[: inside.start()] + heading[inside.end() :]).strip(" ,:-")
    for mark in re.finditer(r"\s*[,;:](\s+|(?=[^\x00-\x7f]))|\s+[-\u2013/|]\s+", heading):
        yield heading[mark.end() :], heading[: mark.start()]


def _take_end(heading: str) -> str:
    """A heading without the unit at its end; the whole where nothing else is said."""
    words, plain = _split(heading)
    for place in range(1, len(words)):
        if read_phrase(" ".join(words[place:])) and plain[place] in list_words(IN):
            return " ".join(words[:place])
    return heading


def add_counted(unit: str, part: str, title: str) -> str:
    """A scale with what is counted, which the heading says before it."""
    if unit not in POWERS or is_general(title) or len(title.split()) > MOST_COUNTED:
        return unit
    english = (*fold(part).split(), "")[0] in list_words([SCALES[unit][1].get("en", ""), BRACKETED.get(unit, "")])
    return f"{unit} {title.lower() if english else title}"


def is_general(heading: str) -> bool:
    """Whether a heading of figures says nothing of what is counted."""
    plain = re.sub(r"\W+", "_", fold(heading)).strip("_")
    known = {*BY_NAME["value"].list_names(), *list_words(GENERAL), *list_words(PERCENT), *list_words(UNIT), ""}
    return plain in known or re.fullmatch(r"(column_)?\d+", plain) is not None


def find_stated(text: str) -> tuple[str, str]:
    """The unit that a row beside a table states, and else the word of one from which none can be made.

    >>> find_stated("Households with a heat pump, in thousands"), find_stated("Angaben in 1 000")
    (('thousand', ''), ('thousand', ''))
    >>> find_stated("One million homes"), find_stated("Including 3 million pensioners, 5 % of all")
    (('', 'million'), ('', ''))
    """
    text = unicodedata.normalize("NFKC", text).strip()
    words = find_words(text)
    if len(words) > 1:
        return "", " and ".join(words.values())
    for part in [*(part for part, _ in _list_parts(text)), text.split(",")[0], text]:
        unit = read_phrase(part, alone=part != text)
        if unit and (unit.split()[0] != "per"):
            scale = next((name for name in sorted(POWERS, key=len, reverse=True) if unit.startswith(name)), "")
            aside = any(word in list_words(IN) for word in _split(part)[1][1:])  # "Figures are in thousands"
            short = len(part.split()) <= MOST_WORDS + 2 and not aside
            return (unit if short or not scale else scale), ""
    return "", next(iter(words.values()), "")


def cut_unit(text: str) -> str:
    """A title without what it says of the unit.

    >>> cut_unit("Households with a heat pump, in thousands"), cut_unit("Absatz (Tsd.)"), cut_unit("in Tausend")
    ('Households with a heat pump', 'Absatz', '')
    """
    for part, title in _list_parts(text):
        if read_phrase(part, alone=True):
            return title
    return "" if read_phrase(text) and len(text.split()) <= MOST_WORDS + 1 else text.strip(" .:")


def find_words(text: str, figures: bool = False) -> dict[str, str]:
    """The scales and the percentage that a text speaks of, with their words, but for those of rates and `figures`.

    >>> find_words("Homes in thousands and in %"), find_words("3 million homes, 5 per thousand")
    ({'thousand': 'thousands', 'percent': '%'}, {})
    """
    words, plain = _split(text)
    no_unit = set(list_words(PER)) - set(list_words(IN))
    found: dict[str, str] = {}
    place = 0
    while place < len(plain):
        name, size = _starts(plain[place:], _list_phrases())
        before = plain[place - 1] if place else ""
        number = re.search(r"\d", plain[place] if figures else before + plain[place])
        if name and not number and before not in no_unit:
            found.setdefault(name, " ".join(words[place : place + size]).strip("().,;:"))
        place += max(size, 1)
    return found


def is_note(text: str) -> bool:
    """Whether a row beside a table names a source or explains, so that it is no title."""
    plain = fold(text).lstrip("( ")
    return re.match(r"(\d{1,2}\)|\*|[\u00b9\u00b2\u00b3])", plain) is not None or any(
        plain.startswith(word) and not plain[len(word) :][:1].isalpha() for word in list_words(NOTES)
    )
