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
    "observations": """entity,indicator,date,value,bound,source_id,confidence,note,reported_at
Land,tool_users,2020-12-31,10,exact,report,high,,
Land,tool_users,2021-12-31,20.5,exact,report,high,,
Land,tool_users,2022-12-31,30,at_least,report,medium,More than 30.,
Land,tool_users,2023-12-31,45,exact,report,high,,
Land,persons,2020-12-31,100,exact,report,high,,
Land,persons,2022-12-31,120,exact,report,high,,
Land,tool_rate,2021-12-31,18.6,exact,report,high,,
""",
    "indicators": "indicator,title,unit,counted,base,base_indicator,role,technology,rate_of,"
    """breaks,suspected_breaks,note
tool_users,Tool users,million people,Users,persons,persons,reference,tool,,,,
tool_rate,Tool rate,percent of people,Users,persons,,reference,tool,tool_users,,,
persons,Persons,million people,Persons,,,base,population,,,,
""",
    "sources": """source_id,title,publisher,reference_date,published,accessed,url,licence,attribution
report,Report,Office,,,,,public domain,Office
""",
    "claims": """claim_id,entity,statement,reported,unit,comparison,formula,agrees_with,note
users,Land,Users,45,million people,equals,tool_users@2023-12-31,,
""",
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
