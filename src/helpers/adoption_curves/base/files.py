"""Atomic writing, careful reading and hashes of files."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from .formats import MAX_CHARACTERS, clean

MAX_TEXT = 50_000_000
"""Bytes of a file that is read as text."""


def write_file(path: Path, content: bytes, sync: bool = True) -> str:
    """sha256 of `content`, after writing it atomically (temporary file, then rename).

    `sync` waits for the disk, which takes some milliseconds: not for what is made again where a power cut loses it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")  # opened plainly, so that the user's umask holds
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return hashlib.sha256(content).hexdigest()


def write_json(path: Path, content: Any, sync: bool = True) -> str:
    """sha256 of `content` as readable JSON, after writing it whole or not at all; `sync` as of `write_file`."""
    return write_file(path, (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(), sync)


def read_json(path: Path, longest: int = MAX_CHARACTERS) -> Any:
    """Content of a JSON file that this package wrote, or that someone put in its place; longer texts are cut.

    Raises
    ------
    OSError
        If there is none.
    ValueError
        If it's no JSON, or no file of a usual size.
    """
    try:
        return clean(json.loads(read_file(path)), longest)
    except RecursionError as error:
        raise ValueError("lists or mappings lie too deep in each other") from error


def read_file(path: Path) -> str:
    """Text of an untrusted file; a `ValueError` says that it's a pipe, a device, or very large."""
    state = path.stat()
    if not stat.S_ISREG(state.st_mode) or state.st_size > MAX_TEXT:
        raise ValueError("no file, or a very large one")
    return path.read_text(encoding="utf-8")


def hash_file(path: Path) -> str:
    """sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(folder: Path, kinds: set[str]) -> dict[str, str]:
    """sha256 of every file of one of the `kinds` of ending in `folder`, by its path below it, but for what is hidden.

    Of a file it is its own.
    """
    if folder.is_file():
        return {folder.name: hash_file(folder)}
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix in kinds and path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: hash_file(path) for name, path in names.items() if "/." not in f"/{name}"}


def hash_helpers() -> dict[str, str]:
    """sha256 of every file of this package, by its path in it."""
    return hash_files(Path(__file__).parents[1], {".py", ".j2", ".css", ".csv", ".json"})
