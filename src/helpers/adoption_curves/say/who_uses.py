"""Sentences on who uses it, for what, with which product, by which ruler and in which firms, and the first page's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..base.words import of_entity, say_date, say_first
from ..indicators import Data, list_profile

_COMPOSITION, _RATE = "percent of generative AI users", "percent of internet users"
_BUILT_IN = ("assistant built into the", "plug-in inside a mobile app|AI functions inside mobile apps")
"""Categories of AI that one meets without an application of its own: that of the device, and that of other apps."""


def say_nothing(question: str, technology: str, entity: str) -> str:
    """Say that the data have no figure for a part, instead of its table.

    Parameters
    ----------
    question, technology, entity : str

    Returns
    -------
    str
    """
    return f"The data have no figures on {question}: {of_entity(technology or 'this series', entity)}."


def say_groups(rows: pd.DataFrame) -> str:
    """Say who the users are, or how use differs by age; "" for no rows.

    Parameters
    ----------
    rows : DataFrame
        From `indicators.pick_people`.

    Returns
    -------
    str
    """
    if rows.empty:
        return ""
    first = rows.iloc[0]
    if first["unit"] != _COMPOSITION:
        ages = rows[rows["unit"] == first["unit"]].head(4)
        told = ", ".join(f"{row.printed} ({row.category})" for row in ages.itertuples())
        return f"{first['publisher']} found in {say_date(first['date'])}: {told}; {first['unit']}."
    told = f"{first['printed']} were {first['category']}"
    others = rows[rows["unit"].eq(_RATE) & rows["category"].eq(first["category"])]
    told += f" (of internet users {others['printed'].iloc[0]})" if len(others) else ""
    students = rows.iloc[1:][lambda later: later["category"].eq("students") & later["date"].eq(first["date"])]
    told += f" and {students['printed'].iloc[0]} students" if len(students) else ""
    return f"Of generative AI users in {say_date(first['date'])}, {told}."


def say_purposes(rows: pd.DataFrame) -> str:
    """Say what most people use it for, and how far the use that changed most moved; "" for no rows.

    Parameters
    ----------
    rows : DataFrame
        From `indicators.pick_purposes`.

    Returns
    -------
    str
    """
    if rows.empty:
        return ""
    own = rows[rows["entity"] == rows["entity"].iloc[0]]
    by_date = own.pivot_table(index="category", columns="date", values="value")
    last = own[own["date"] == own["date"].max()].sort_values("value", ascending=False).iloc[0]
    base, when = last["unit"].removeprefix("percent of "), say_date(last["date"])
    told = f"The commonest use of {last['technology']} in {when} was “{last['category']}” "
    told += f"({last['printed']} of {base}; {last['publisher']})."
    if by_date.shape[1] > 1:
        both = by_date.dropna()
        moved = (both.iloc[:, -1] - both.iloc[:, 0]).abs()
        name = moved.idxmax()
        ends = own[own["category"] == name].sort_values("date").iloc[[0, -1]]
        low, high = ends["printed"]
        told += f" “{say_first(name)}” moved most, from {low} in {say_date(both.columns[0])} to {high}"
        told += f", and all others by {moved.drop(name).max():.1f} points or less."
        note = ends["note"].str.extract("(the item .+ may differ)", expand=False).dropna().tail(1)
        told += "".join(f" In {when} {text}." for text in note)
    return told


def say_products(monthly: pd.DataFrame, shares: pd.DataFrame) -> str:
    """Say which products most devices and most people use, each with its date; "" for neither.

    Parameters
    ----------
    monthly : DataFrame
        From `indicators.list_products`.
    shares : DataFrame
        From `indicators.list_profile`: shares of those asked, of one date.

    Returns
    -------
    str
    """
    told = []
    if len(monthly):
        newest = monthly.drop_duplicates("product", keep="last").sort_values("value", ascending=False)
        first = newest.iloc[0]
        told.append(f"Of {first['publisher']}'s AI-native apps (without phone makers') {first['product']} has most:")
        told.append(f"{first['printed']} million devices in {say_date(first['date'])}.")
    if len(shares):
        top = shares.sort_values("value", ascending=False).iloc[0]
        told.append(f"The highest share in a survey of {say_date(top['date'])} is {top['printed']}, {top['category']}.")
    if len(monthly) and len(shares):
        absent = [name for name in newest["product"] if name not in set(shares["category"])]
        told += [f"In the survey's list, as we read it, there is no {' and no '.join(absent)}."] if absent else []
    return " ".join(told)


def say_rulers(rows: pd.DataFrame, entity: str) -> str:
    """Say between which shares the measures of one entity lie; "" for no rows of it.

    Parameters
    ----------
    rows : DataFrame
        From `indicators.list_rulers`.
    entity : str

    Returns
    -------
    str
    """
    own = rows[rows["entity"] == entity]
    if own.empty:
        return ""
    if len(own) == 1:
        return f"One publisher has a share for {entity}: {own['ruler'].iloc[0]}, {own['printed'].iloc[0]}."
    listed = ", ".join(f"{row.printed} ({row.ruler})" for row in own.sort_values("value").itertuples())
    told = f"{len(own)} publishers have a share for {entity}: {listed}. They count different people in different ways."
    told += "".join(
        f" {name} asks nobody: it models from telemetry." for name in own["ruler"][own["kind"] == "telemetry"]
    )
    unchecked = own["printed"][own["note"].str.contains("could not check")]
    return told + "".join(f" We read {printed} in one text that we could not check." for printed in unchecked)


def say_firms(rows: pd.DataFrame, entity: str) -> str:
    """Say how use differs by size of firm where that is printed, and that it is not for an entity; "" for no rows.

    Parameters
    ----------
    rows : DataFrame
        From `indicators.list_profile`, the newest figures of firms.
    entity : str

    Returns
    -------
    str
    """
    told = []
    sized = rows[(rows["breakdown"] == "size of firm") & ~rows["category"].str.startswith("all")]
    for name, mine in sized.groupby("entity", sort=False):
        ends = mine.iloc[[0, -1]].drop_duplicates()
        listed = " and ".join(f"{row.printed} ({row.category})" for row in ends.itertuples())
        first = mine.iloc[0]
        told.append(f"{name} in {say_date(first['date'])} ({first['publisher']}): {listed}")
    said = [f"By size of firm, {'; '.join(told)}."] if told else []
    own = rows[(rows["entity"] == entity) & (rows["breakdown"] != "size of firm")]
    if len(own):
        first = own.iloc[0]
        newest = f"{first['printed']} of {first['unit'].removeprefix('percent of ')}"
        known, when = first["note"].partition(". ")[0], say_date(first["date"])
        said.append(f"For {entity} we found none by size; the newest figure, of {when}, is {newest}. {known}.")
    return " ".join(said)


def list_use(parts: Mapping[str, pd.DataFrame], profile: pd.DataFrame, data: Data, indicator: str) -> pd.DataFrame:
    """List the three sentences of the first page.

    Parameters
    ----------
    parts : mapping of str to DataFrame
        "who", "purposes" and "firms": what the parts of the notebook show.
    profile : DataFrame
        From `indicators.list_profile`, of the entity.
    data : Data
    indicator : str

    Returns
    -------
    DataFrame
        part, heading, quote (what the sentence is about, word for word), sentence, reckoned (how numbers in it are
        computed), url. Who; the doubt about a newer figure that is a limit, or else what for; the target, or else
        firms. No rows where the entity has no profile.
    """
    columns = ["part", "heading", "quote", "sentence", "reckoned", "url"]
    if profile.empty:
        return pd.DataFrame(columns=columns)
    entity = profile["entity"].iloc[0]
    firms = parts["firms"][parts["firms"]["entity"] == entity]
    rows = [
        _make_row("who", "Who", say_groups(parts["who"]), parts["who"]),
        say_doubt(data, entity, indicator)
        or _make_row("what for", "What for", say_purposes(parts["purposes"]), parts["purposes"]),
        _say_target(profile) or _make_row("firms", "Which firms", say_firms(firms, ""), firms),
    ]
    return pd.DataFrame([row for row in rows if row], columns=columns)


def _make_row(part: str, heading: str, sentence: str, rows: pd.DataFrame) -> dict[str, str]:
    """A row of the first page, with the address of the newest figure; nothing for no sentence."""
    if not sentence:
        return {}
    url = rows.sort_values("date", kind="stable")["url"].iloc[-1] if len(rows) else ""
    return {"part": part, "heading": heading, "quote": "", "sentence": sentence, "reckoned": "", "url": url}


def say_doubt(data: Data, entity: str, indicator: str) -> dict[str, str]:
    """Say what a newer "more than" may count besides: AI that is built in; nothing where it has not grown more.

    A share of users becomes one of internet users by the users and the internet users of its date.

    Parameters
    ----------
    data : Data
    entity, indicator : str

    Returns
    -------
    dict
        A row of `list_use`; empty without a doubt.
    """
    if data.find_entry(indicator).unit != "million people":  # as that of internet users
        return {}
    rows = list_profile(data, indicator)
    rows = rows[(rows["entity"] == entity) & (rows["question"] == "through what")]
    now, before = (
        pd.concat(rows[rows["category"].str.match(names) & (rows["unit"] == unit)].tail(1) for names in _BUILT_IN)
        for unit in (_RATE, _COMPOSITION)
    )
    if len(now) + len(before) < 2 * len(_BUILT_IN):
        return {}
    figures, then = data.find_rows(entity, indicator), before["date"].iloc[0]
    newer = figures.loc[(figures["qualifier"] == "at_least") & (figures["date"] == now["date"].iloc[0]), "value"].max()
    users = data.exact_values(entity, indicator).get(then, np.nan)
    online = data.exact_values(entity, "internet_users").get(then, np.nan)
    earlier = before["value"].to_numpy() * users / online
    rises, step = now["value"].to_numpy() - earlier, 100 * (newer - users) / online
    if not (rises > step).all():  # nor where one is not known
        return {}
    (device, apps), day = now["printed"], say_date(now["date"].iloc[0])
    sentence = (
        f"Some of the {newer:g} million may never have opened an AI application: in {day} {device} of internet users "
        f"used their phone's assistant, and {apps} AI inside other apps. In {say_date(then)} these were about "
        f"{earlier[0]:.0f}% and {earlier[1]:.0f}% (our reckoning; the questions may differ)."
    )
    reckoned = (
        f"{earlier[0]:.0f}% and {earlier[1]:.0f}% are {' and '.join(before['printed'])} of {users:g} million users, "
        f"divided by {online:,g} million internet users. They rose by {rises[0]:.0f} and {rises[1]:.0f} points, and "
        f"users by {step:.0f}. The two surveys may have asked differently."
    )
    return {**_make_row("doubt", f"“More than {newer:g} million people”", sentence, now), "reckoned": reckoned}


def _say_target(profile: pd.DataFrame) -> dict[str, str]:
    """The state's target as printed, and what it is not; nothing without one in percent."""
    rows = profile[(profile["question"] == "target") & profile["unit"].str.startswith("percent")].sort_values("date")
    if rows.empty:
        return {}
    levels = "; ".join(f"{row.printed} by {row.date:%Y} (“{row.quote}”)" for row in rows.itertuples())
    sentence = "Of whom, the document does not say; no forecast can meet or miss it."
    quote = f"Penetration of {rows['category'].iloc[0]}: {levels}."
    return {**_make_row("target", "The state's target", sentence, rows), "quote": quote}


def cite(*frames: pd.DataFrame) -> str:
    """The publishers of figures, as a line of sources; "" for none.

    Parameters
    ----------
    *frames : DataFrame
        publisher, and ruler, where a figure names them so.

    Returns
    -------
    str
    """
    pairs = {(row.publisher, getattr(row, "ruler", "")) for frame in frames for row in frame.itertuples()}
    named = {(name.partition(", as reported by ")[0], short) for name, short in pairs if name}
    listed = sorted({name if short in name else f"{name} ({short})" for name, short in named})
    return f"Source: {'; '.join(listed)}." if listed else ""
