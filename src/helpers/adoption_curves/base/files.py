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

# Bytes of a file that is read as text.
MAX_TEXT = 50_000_000


def write_file(path: Path, content: bytes, sync: bool = True) -> str:
    """Write `content` atomically (temporary file, then rename) and return its sha256.

    `sync` waits for the disk, which takes some milliseconds. Files that can be made again do not need it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")  # not by tempfile, which ignores the user's umask
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
    """Write `content` atomically as indented JSON and return its sha256; `sync` as in `write_file`."""
    return write_file(path, (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(), sync)


def read_json(path: Path, longest: int = MAX_CHARACTERS) -> Any:
    """Content of a JSON file, which anyone may have edited; texts longer than `longest` are cut.

    Raises
    ------
    OSError
        If the file does not exist or cannot be read.
    ValueError
        If it is not valid JSON, or too large.
    """
    try:
        return clean(json.loads(read_file(path)), longest)
    except RecursionError as error:
        raise ValueError("its lists or mappings are nested too deeply") from error


def read_file(path: Path) -> str:
    """Text of an untrusted file; a `ValueError` is raised for a pipe, a device or a very large file."""
    state = path.stat()
    if not stat.S_ISREG(state.st_mode) or state.st_size > MAX_TEXT:
        raise ValueError("it is not a regular file, or is very large")
    return path.read_text(encoding="utf-8")


def hash_file(path: Path) -> str:
    """sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(folder: Path, kinds: set[str]) -> dict[str, str]:
    """sha256 of each file in `folder` with one of the endings `kinds`, by relative path; hidden files are skipped.

    If `folder` is a file, its own sha256.
    """
    if folder.is_file():
        return {folder.name: hash_file(folder)}
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix in kinds and path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: hash_file(path) for name, path in names.items() if "/." not in f"/{name}"}


def hash_helpers() -> dict[str, str]:
    """sha256 of every file of this package, by its path in it."""
    return hash_files(Path(__file__).parents[1], {".py", ".j2", ".css", ".csv", ".json"})
