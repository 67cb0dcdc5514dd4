"""The text of any file: UTF-8 and UTF-16, and cp1252 where its words vouch for it; another encoding is asked for."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ..base.languages import LETTERS, fold, list_words
from ..base.quoting import shorten
from .problems import DataError, Problem
from .tables import check_text, decode_text, file_error

ASKED = {"cp1250": "Polish, Czech, Hungarian", "cp1251": "Russian, Bulgarian", "cp1252": "Western Europe"}
"""Encodings of old files, and whose they are: nearly every file in one can be read in the others, as other letters."""


def decode_any(path: Path, raw: bytes, encoding: str) -> tuple[str, str]:
    """The text of a file, with LF at the ends of its lines, and the encoding that it's read in, where not UTF-8.

    Parameters
    ----------
    path : Path
    raw : bytes
    encoding : str
        As chosen; "" for none.

    Returns
    -------
    text : str
    encoding : str

    Raises
    ------
    DataError
        Where the text is in another encoding than the chosen one, or may be in several.
    """
    found = encoding or _find_unicode(raw)
    if not found and b"\0" not in raw[:400]:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            found = _find_western(path, raw)
    if not found:
        return decode_text(path, raw), ""
    try:
        text = raw.decode(found)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise file_error(path, f"cannot be read as {found}: {error.reason}; {_ask(raw)}", line) from error
    except LookupError as error:
        named = f"is no encoding; write {', '.join(ASKED)}, or another that Python knows"
        raise DataError([Problem("", None, "--encoding", encoding, named)]) from error
    check_text(path, text.encode("utf-8", errors="replace"))
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, "" if codecs.lookup(found).name.startswith("utf-8") else "UTF-16" if "16" in found else found


def _find_unicode(raw: bytes) -> str:
    """UTF-16 by its mark, or by the zeros of its digits and blanks."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) and not raw.startswith(b"\xff\xfe\0\0"):
        return "utf-16"
    odd, even = raw[1:400:2].count(0), raw[:400:2].count(0)
    enough = min(len(raw), 400) / 4
    return "utf-16-le" if odd > enough and not even else "utf-16-be" if even > enough and not odd else ""


def _find_western(path: Path, raw: bytes) -> str:
    """cp1252, where all letters beyond ASCII are those of one of its languages, and words of that language are there.

    Raises
    ------
    DataError
        Where it may be another encoding, with what a line would be in each.
    """
    text = raw.decode("cp1252", errors="replace")
    letters = {mark for mark in text.casefold() if mark.isalpha() and not mark.isascii() and mark not in "ªºµ"}
    words = {fold(word) for word in re.findall(r"[^\W\d_]+", text)}
    whole = [word for word in re.findall(r"[^\W\d_]{2,}", text) if not re.search(r"[a-zA-Z]", word)]
    inside = re.search(r"[^\W\d_][\u00a1-\u00b9\u00bb-\u00bf\ufffd][^\W\d_]|\ufffd|\u00bf[^\W\d_]+\b(?!.*\?)", text)
    known = any(letters <= set(own) and words & set(list_words([said])) for own, said in LETTERS.values())
    signs = re.search(r"[^\x00-\x7f\w](?<![\u2010-\u203a\xa0\xab\xbb\u20ac])[^\x00-\x7f]", text)
    if whole or inside or signs or (letters and not known):
        raise file_error(path, f"is not UTF-8; {_ask(raw)}")
    return "cp1252"


def _ask(raw: bytes) -> str:
    """What to write: the first word with letters beyond ASCII, as each of the usual encodings has it."""
    words = [word for word in re.split(rb"[\s,;|\"]+", raw) if not word.isascii()]
    telling = [word for word in words if word.decode("cp1250", "replace") != word.decode("cp1252", "replace")]
    word = next(iter(telling or words), b"")
    read = {name: shorten(word.decode(name, errors="replace"), 30) for name in ASKED}
    forms = ", ".join(f"{name} ({whose}) if it is {read[name]}" for name, whose in ASKED.items())
    line = raw.count(b"\n", 0, raw.find(word)) + 1
    return f"of a word in row {line}, write --encoding {forms}, or another"
