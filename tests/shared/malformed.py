"""Small data to spoil: a file of one series, and a folder."""

import shutil
from pathlib import Path

HEADER = "date,value\n"
THREE = "2019-12-31,3\n2020-12-31,8\n2021-12-31,15\n"
GOOD = HEADER + THREE


def put_value(cell):
    """Three good rows, and a fourth with this value."""
    return f"{GOOD}2022-12-31,{cell}\n"


def put_date(cell):
    """Three good rows, and a fourth with this date."""
    return f"{GOOD}{cell},20\n"


def put_column(name, *cells):
    """Three good rows with a further column."""
    rows = zip(THREE.splitlines(), cells if len(cells) == 3 else cells * 3, strict=True)
    return f"date,value,{name}\n" + "".join(f"{row},{cell}\n" for row, cell in rows)


DATA = Path(__file__).parents[2] / "data"

TABLES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((DATA.parent / "tests" / "reference" / "small").glob("*.csv"))
}


def write_folder(folder, **changes):
    """Write the small tables; a change is a list of (old, new), a text, bytes, or None for no file."""
    shutil.copy(DATA / "datapackage.json", folder)
    for name, text in TABLES.items():
        change = changes.get(name, [])
        if isinstance(change, list):
            for old, new in change:
                assert old in text
                text = text.replace(old, new)  # noqa: PLW2901  one change after the other
            change = text
        if change is not None:
            raw = change if isinstance(change, bytes) else change.encode("utf-8")
            (folder / f"{name}.csv").write_bytes(raw)
    return folder
