"""Parts of the malformed files of test_malformed.py."""

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
