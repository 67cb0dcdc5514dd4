"""What a hub of forecasts says of itself: its configuration, its models and its README (hubverse schemas 6.0.0)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from .result import HUB_QUANTILES

SCHEMAS = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v6.0.0/"
TASK_IDS = ["origin_date", "published", "entity", "indicator", "bound", "target_end_date"]
TARGET_COLUMNS = ["as_of", "target_end_date", "entity", "indicator", "observation", "censoring", "unit", "last_break"]
SAMPLES = 100
"""Joint paths of a forecast on record."""
TEAM = "adoption_curves"
BASELINES = (f"{TEAM}-last_value", f"{TEAM}-drift")
LATEST_DAYS = 36525
"""Days after its origin on which a forecast may still go on record: any; `published` says which."""

REFERENCES = "two averaged curves, a rate drawn to that of references, damped drift"
CUT = "Values are cut at 0, and at 100 for percentages. No figure that is only a bound is used."
MODELS = {
    "weighted": (
        "Weighted combination (release 0.2)",
        f"Weighted mean of four paths ({REFERENCES}); split conformal bands.",
        (
            "Weights by how well each member would have forecast the last point. Bands are normalised split conformal, "
            "of earlier technologies with the own one left out. Samples are joint paths over the dates."
        ),
        True,
    ),
    "mean": (
        "Mean of quantiles",
        f"At each level the mean of the quantiles of four members ({REFERENCES}).",
        (
            "Each member has its own path and its own record on earlier technologies; the forecast is the mean of "
            "their quantiles. Samples are joint paths over the dates."
        ),
        True,
    ),
    "mean_2": (
        "Mean of quantiles, second form",
        f"At each level the mean of the quantiles of four members ({REFERENCES}), approaching a population.",
        (
            "As mean, but from a tenth below its peak on, not from 3 %, a series keeps its last level, for the errors "
            "that calibrate it too; and without a bound paths approach the population and the most that any reference "
            "grew by, where they were cut. Samples are joint paths over the dates."
        ),
        True,
    ),
    "last_value": (
        "Last value",
        "The last figure, with normal bands of a random walk without drift.",
        "Median: the last exact figure. Variance: mean squared step per year, times the years ahead. " + CUT,
        False,
    ),
    "drift": (
        "Drift",
        "The mean change goes on, with normal bands of a random walk with drift.",
        (
            "Median: the last exact figure plus the mean change per year. Variance: that of the steps about their "
            "mean, per year, times h (1 + h / T), h years ahead of T years of figures. " + CUT
        ),
        False,
    ),
}
"""By the second half of the model's id: name, methods, methods at length, whether it is an ensemble."""

README = """# Forecasts on record

A [hubverse](https://hubverse.io) hub, schemas 6.0.0: `hub-config/` (what may be forecast, and in which form),
`model-metadata/`, `model-output/TEAM-MODEL/ROUND-TEAM-MODEL.csv`, and `target-data/time-series.csv`, the figures with
the day on which each vintage became public (`as_of`). `adoption register` writes here, and changes no row that is on
record; `adoption score` compares with what came, and with `--update` brings the target data up to date.

- A round is the day of origin: only what was public on `origin_date` was known.
- `published` is the day on which a row was put on record. A row whose `published` is not before the first `as_of` of
  its figure was made in hindsight, and counts in no score.
- `bound` is the upper limit that the forecast knew: an indicator, a number in the unit, or `none`.
- Quantiles are required. Samples are joint: rows of a file with the same `output_type_id` are one path over the dates.
- Of a figure the first vintage counts. A `censoring` of `at_least` or `at_most` marks one that was printed as "more
  than" or "fewer than": it has a probability, and no weighted interval score. Where `last_break` is later than the last
  figure before the origin, a figure counts something else, and there is no score.

The schemas demand a contact and a repository, and this hub has neither: `hub-config/admin.json` holds the example
values of the schemas' authors. Change them where you have your own. Reykjavik stands for UTC, which the list of time
zones lacks.
"""


def admin_config() -> dict[str, Any]:
    """``hub-config/admin.json``."""
    return {
        "schema_version": f"{SCHEMAS}admin-schema.json",
        "name": "Adoption Curves: forecasts on record",
        "maintainer": "The Adoption Curves authors",
        "contact": {"name": "Maintainer name", "email": "maintainer.email@example.com"},
        "repository": {"host": "github", "owner": "hubverse-org", "name": "example-simple-forecast-hub"},
        "file_format": ["csv"],
        "timezone": "Atlantic/Reykjavik",
    }


def target_data_config() -> dict[str, Any]:
    """``hub-config/target-data.json``."""
    own = dict.fromkeys(("censoring", "unit", "last_break"), "character")
    return {
        "schema_version": f"{SCHEMAS}target-data-schema.json",
        "observable_unit": ["entity", "indicator", "target_end_date"],
        "date_col": "target_end_date",
        "versioned": True,
        "time-series": {"non_task_id_schema": own},
    }


def metadata_schema() -> dict[str, Any]:
    """``hub-config/model-metadata-schema.json``, which each hub writes itself."""
    text, abbreviation = {"type": "string"}, {"type": "string", "pattern": "^[A-Za-z0-9_]+$", "maxLength": 16}
    yes: dict[str, Any] = {"type": "boolean"}
    fields: dict[str, Any] = dict.fromkeys(("team_name", "model_name", "methods_long", "data_inputs"), text)
    fields |= {"team_abbr": abbreviation, "model_abbr": abbreviation, "methods": {"type": "string", "maxLength": 200}}
    fields |= dict.fromkeys(("designated_model", "ensemble_of_models", "ensemble_of_hub_models"), yes)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Metadata of a model",
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
        "required": list(fields),
    }


def model_metadata(model_id: str) -> dict[str, Any]:
    """``model-metadata/<model_id>.yml``; of a model of others only what its id says."""
    team, abbreviation = model_id.split("-")
    unknown = (abbreviation, "Described by its team.", "Described by its team.", False)
    name, methods, methods_long, ensemble = MODELS.get(abbreviation, unknown) if team == TEAM else unknown
    return {
        "team_name": "The Adoption Curves authors" if team == TEAM else team,
        "team_abbr": team,
        "model_name": name,
        "model_abbr": abbreviation,
        "methods": methods,
        "methods_long": methods_long,
        "data_inputs": "Figures of the series that were public on the day of origin"
        + (", and those of earlier technologies." if ensemble else "."),
        "designated_model": model_id not in BASELINES,
        "ensemble_of_models": ensemble,
        "ensemble_of_hub_models": False,
    }


def describe_target(indicator: str, title: str, unit: str) -> dict[str, Any]:
    """What a task says of its target; ids have 30 characters at most."""
    short = (
        indicator if len(indicator) <= 30 else f"{indicator[:21]}_{hashlib.sha256(indicator.encode()).hexdigest()[:8]}"
    )
    return {
        "target_id": short,
        "target_name": title[:100],
        "target_units": unit,
        "target_keys": {"indicator": indicator},
        "target_type": "continuous",
        "is_step_ahead": False,
    }


def tasks_config(rows: pd.DataFrame, targets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """``hub-config/tasks.json``: a task for each indicator, of what is on record.

    Parameters
    ----------
    rows : DataFrame
        With the columns `TASK_IDS` as text.
    targets : mapping
        By indicator, from `describe_target`.

    Returns
    -------
    dict
    """
    value = {"type": "double", "minimum": 0}
    numbers = {"min_samples_per_task": SAMPLES, "max_samples_per_task": SAMPLES}
    joint = [name for name in TASK_IDS if name != "target_end_date"]
    output = {
        "quantile": {"output_type_id": {"required": list(HUB_QUANTILES)}, "value": value, "is_required": True},
        "sample": {
            "output_type_id_params": {"type": "integer", **numbers, "compound_taskid_set": joint},
            "value": value,
            "is_required": False,
        },
    }
    tasks = [
        {
            "task_ids": {name: {"required": None, "optional": sorted(set(part[name]))} for name in TASK_IDS},
            "output_type": output,
            "target_metadata": [dict(targets[indicator])],
        }
        for indicator, part in rows.groupby("indicator")
    ]
    due = {"relative_to": "origin_date", "start": 0, "end": LATEST_DAYS}
    rounds = {"round_id_from_variable": True, "round_id": "origin_date", "model_tasks": tasks, "submissions_due": due}
    return {"schema_version": f"{SCHEMAS}tasks-schema.json", "rounds": [rounds]}
