"""The project's places, and files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any


class RunError(RuntimeError):
    """A run's folder, table or figure isn't there, doesn't fit, or may not be written."""


def find_root() -> Path:
    """Folder of the project: the checkout that holds ``notebooks/`` and ``data/``.

    Looks beside the installed package first (editable install), then in the working directory and its parents.

    Raises
    ------
    RunError
        If there is no such folder.
    """
    here = Path(__file__).resolve()
    for folder in (here.parents[2], Path.cwd(), *Path.cwd().parents):
        if (folder / "notebooks").is_dir() and (folder / "data").is_dir():
            return folder
    raise RunError(
        "The project's folders notebooks/ and data/ were not found. Install the project from its checkout with "
        "'pip install -e .', or start from inside the checkout."
    )


def find_outputs() -> Path:
    """Folder that holds the runs: ``outputs/`` of the project, or what the variable ADOPTION_OUTPUTS names."""
    chosen = os.environ.get("ADOPTION_OUTPUTS", "").strip()
    return Path(chosen).expanduser().resolve() if chosen else find_root() / "outputs"


def find_data(data: str = "data") -> Path:
    """Full path of the parameter ``data``; a relative one is looked up in the project's folder."""
    path = Path(data).expanduser()
    return path if path.is_absolute() else find_root() / path


def name_path(path: str) -> str:
    """`path`, relative to the project's folder when it lies inside, so that records name no machine's folders."""
    given = Path(path).expanduser()
    if given.is_absolute():
        for candidate in (Path(os.path.normpath(given)), given.resolve()):
            with suppress(ValueError, RunError):
                return candidate.relative_to(find_root()).as_posix()
    return str(given)


def write_file(path: Path, content: bytes) -> str:
    """Write `content` whole or not at all (temporary file, then rename) and return its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return hashlib.sha256(content).hexdigest()


def write_json(path: Path, content: Any) -> None:
    """Write `content` as readable JSON, whole or not at all."""
    write_file(path, (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def hash_file(path: Path) -> str:
    """sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
