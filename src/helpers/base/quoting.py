"""Quote what others wrote in messages: on one line, short, and without characters that steer a terminal."""

from __future__ import annotations

import re
import reprlib
from typing import Any

# Control characters, marks that steer the direction of text, marks without width, letters that look empty, halves of
# pairs, and the sign of a lost letter. U+200C and U+200D, which Persian and Indian names need, are text.
UNSEEN = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffd\ufffe\uffff\U000e0000-\U000e01ef]"
)
HALVES = re.compile("[\ud800-\udfff]")
"""Halves of pairs, which JSON may hold and no file takes."""
SHOWN_CHARACTERS = 80  # of one value or name
MAX_CHARACTERS = 5_000  # of one text that a page or a figure shows

_shortener = reprlib.Repr()
_shortener.maxstring = _shortener.maxother = SHOWN_CHARACTERS
_shortener.maxlist = _shortener.maxtuple = _shortener.maxdict = 20
_shortener.maxlevel = 4


def quote(value: Any) -> str:
    """Quote a value; a long one is shortened, with its length."""
    try:
        text = _shortener.repr(value).replace("\n", " ")
    except ValueError:  # Python writes no whole number of more than 4300 digits
        text = f"a {type(value).__name__} of more than 4300 digits"
    return f"{text} ({len(value):,} characters)" if isinstance(value, str) and len(value) > SHOWN_CHARACTERS else text


def shorten(text: str, longest: int = SHOWN_CHARACTERS) -> str:
    """Cut a text that others wrote, so that a message stays readable."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def clean(value: Any, longest: int = MAX_CHARACTERS) -> Any:
    """A value of JSON, or a text, that anybody may have written: no text in it is long, or holds halves of pairs."""
    if isinstance(value, dict):
        return {clean(name, longest): clean(part, longest) for name, part in value.items()}
    if isinstance(value, list):
        return [clean(part, longest) for part in value]
    return shorten(HALVES.sub("\N{REPLACEMENT CHARACTER}", value), longest) if isinstance(value, str) else value


def escape(text: str) -> str:
    """Write characters that nobody sees, or that steer a terminal, as their codes."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


class PlainStream:
    """A stream of text that writes what steers a terminal as codes, whoever wrote it: nothing else need think of it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write a text, whose lines stay lines."""
        self.stream.write(re.sub(rf"(?![\n\t]){UNSEEN}", lambda mark: repr(mark[0])[1:-1], text))
        return len(text)
