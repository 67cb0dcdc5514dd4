"""Put a run's forecast on record: a file in ``data/forecasts/`` that nothing writes over."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from importlib import metadata
from pathlib import Path

from helpers.files import write_file
from helpers.project import PACKAGED, RunError, find_data, find_register, find_root, shorten_path
from helpers.runs.notebook import read_rows
from helpers.runs.record import find_changed, read_run

TABLE = "05_quantiles"


def register_run(folder: Path, dates: Sequence[str] = (), today: date | None = None) -> Path:
    """Write the forecast of the run in `folder` to the record.

    Parameters
    ----------
    folder : Path
    dates : sequence of str
        Dates of the forecast to put on record, as YYYY-MM-DD; none for all.
    today : date, optional
        The day of publication.

    Returns
    -------
    Path
        The file. Its origin is the run's ``as_of``, or today where that is not set.

    Raises
    ------
    RunError
        When the run isn't as its record says, has no forecast for a date, the same forecast is on record already, or
        the project is what was installed, which nobody writes to.
    """
    content, today = read_run(folder), today or datetime.now().astimezone().date()
    parameters, path = content["parameters"], folder / "tables" / f"{TABLE}.csv"
    changed = find_changed(folder, content)
    if changed or not path.is_file():
        what = f"{next(iter(changed))} is {next(iter(changed.values()))}" if changed else f"{TABLE}.csv is missing"
        raise RunError(f"Run '{folder.name}' is not as it was made: {what}. Make it again, and register it then.")
    rows = read_rows(path)
    known = list(dict.fromkeys(row["target_end_date"] for row in rows))
    if not known:
        raise RunError(f"Run '{folder.name}' gives no forecast that could go on record.")
    missing = [each for each in dates if each not in known]
    if missing:
        raise RunError(f"Run '{folder.name}' has no forecast for {missing[0]}; it has {', '.join(known)}.")
    origin = parameters["as_of"] or today.isoformat()
    entry = {"model_id": f"adoption-curves-{metadata.version('adoption-curves')}", "entity": parameters["entity"]}
    entry |= {"indicator": parameters["indicator"], "bound": parameters["bound"], "unit": content["subject"]["unit"]}
    entry |= {"origin_date": origin, "published": today.isoformat()}
    if find_root() == PACKAGED:
        raise RunError("What was installed keeps no record. Begin a project of your own: adoption new DIR")
    place = find_register(find_data(parameters["data"]))
    words = [origin, entry["entity"], entry["indicator"], *([parameters["bound"]] if parameters["bound"] else [])]
    target = place / ("_".join(re.sub(r"[^a-z0-9.-]+", "-", word.lower()).strip("-.") for word in words) + ".csv")
    if target.exists():
        raise RunError(f"{shorten_path(target)} is on record already, and a record is not written over.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*entry, *rows[0]])
    writer.writerows([*entry.values(), *row.values()] for row in rows if not dates or row["target_end_date"] in dates)
    write_file(target, text.getvalue().encode())
    return target
