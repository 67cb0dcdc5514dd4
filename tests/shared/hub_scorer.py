"""Score a hub of forecasts by the form that the hubverse prescribes, and stop at anything else.

It imports json, pandas and jsonschema alone, and knows nothing of this project: whoever wants to score the record may
take this file away.
"""

import json

import jsonschema
import pandas as pd

OWN = ["output_type", "output_type_id", "value"]
VERSIONED = ["as_of", "observation", "censoring", "last_break"]


def read_config(hub, name, schemas):
    """Configuration of the hub, checked against the published schema."""
    with open(f"{hub}/hub-config/{name}.json") as file, open(f"{schemas}/{name}-schema.json") as schema:  # noqa: PTH123
        config, rules = json.load(file), json.load(schema)
    jsonschema.Draft202012Validator.check_schema(rules)
    jsonschema.validate(config, rules, jsonschema.Draft202012Validator)
    return config


def read_round(hub, model, day, tasks):
    """Rows of a model in a round, checked against the hub's tasks; None where it has none."""
    try:
        rows = pd.read_csv(f"{hub}/model-output/{model}/{day}-{model}.csv", dtype=str, keep_default_na=False)
    except FileNotFoundError:
        return None
    names = list(tasks[0]["task_ids"])
    if list(rows.columns) != [*names, *OWN]:
        raise ValueError(f"{model}, {day}: the columns are {', '.join(rows)}, not {', '.join([*names, *OWN])}")
    allowed = pd.Series(False, index=rows.index)
    for task in tasks:
        inside = pd.Series(True, index=rows.index)
        for name, values in task["task_ids"].items():
            inside &= rows[name].isin((values["required"] or []) + (values["optional"] or []))
        allowed |= inside
        check_outputs(rows[inside], task["output_type"], names)
    if not allowed.all() or (rows["origin_date"] != day).any():
        raise ValueError(f"{model}, {day}: a row is of no task of the hub")
    return rows.assign(model_id=model, value=rows["value"].astype(float))


def check_outputs(rows, types, names):
    """Whether each task has all its quantiles, rising, and as many joint samples as the hub asks for."""
    levels = types["quantile"]["output_type_id"]["required"]
    joint = types["sample"]["output_type_id_params"]["compound_taskid_set"]
    wanted = types["sample"]["output_type_id_params"]["min_samples_per_task"]
    for task, part in rows.groupby(names):
        quantiles = part[part["output_type"] == "quantile"]
        if quantiles["output_type_id"].astype(float).tolist() != levels:
            raise ValueError(f"{task}: the quantiles are not those of the hub")
        values = quantiles["value"].astype(float)
        if not values.is_monotonic_increasing or values.iloc[0] < types["quantile"]["value"]["minimum"]:
            raise ValueError(f"{task}: the quantiles fall, or lie below the least value")
    samples = rows[rows["output_type"] == "sample"]
    for task, part in samples.groupby(joint):
        paths = [set(one["output_type_id"]) for _, one in part.groupby("target_end_date")]
        if any(len(path) != wanted or path != paths[0] for path in paths):
            raise ValueError(f"{task}: the samples are not the same {wanted} paths at each date")
    if (samples.groupby("output_type_id")[joint].nunique() > 1).any(axis=None):
        raise ValueError("a path is that of two tasks")


def score_hub(hub, schemas, models):
    """A row per forecast whose figure has come: wis of exact figures, probability of bounds, hindsight."""
    for name in ("admin", "target-data"):
        read_config(hub, name, schemas)
    [one] = read_config(hub, "tasks", schemas)["rounds"]
    days = sorted({day for task in one["model_tasks"] for day in task["task_ids"][one["round_id"]]["optional"]})
    rounds = [read_round(hub, model, day, one["model_tasks"]) for model in models for day in days]
    rows = pd.concat([each for each in rounds if each is not None])
    figures = pd.read_csv(f"{hub}/target-data/time-series.csv", dtype=str, keep_default_na=False)
    figures = figures[["entity", "indicator", "target_end_date", *VERSIONED]].sort_values("as_of", kind="stable")
    scores = []
    names = [*one["model_tasks"][0]["task_ids"], "model_id"]
    for key, part in rows[rows["output_type"] == "quantile"].groupby(names):
        task = dict(zip(names, key, strict=True))
        mine = figures[(figures["entity"] == task["entity"]) & (figures["indicator"] == task["indicator"])]
        seen = mine[(mine["as_of"] <= task["origin_date"]) & (mine["censoring"] == "exact")]["target_end_date"].max()
        came = mine[mine["target_end_date"] == task["target_end_date"]].head(1)
        if came.empty or came["last_break"].iloc[0] > seen:
            continue
        outcome, side = float(came["observation"].iloc[0]), came["censoring"].iloc[0]
        task["hindsight"] = task["published"] >= came["as_of"].iloc[0]
        if side == "exact":
            level, value = part["output_type_id"].astype(float), part["value"]
            task["wis"] = (2 * ((outcome < value).astype(float) - level) * (value - outcome)).mean()
        scores.append(task | {"side": side})
    return pd.DataFrame(scores)
