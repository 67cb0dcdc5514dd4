"""Sentences on who uses it, for what, with which product, by which ruler and in which firms, and the first page's."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..base.words import of_entity, say_date
from ..indicators import Data

_COMPOSITION = "percent of generative AI users"
"""Unit of shares of the users: others are rates within a group."""
_BUILT_IN = "assistant built into the"
_MOST_AGES = 4  # figures in a sentence


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
        ages = rows[rows["unit"] == first["unit"]].head(_MOST_AGES)
        told = ", ".join(f"{row.printed} ({row.category})" for row in ages.itertuples())
        return f"{first['publisher']} found in {say_date(first['date'])}: {told}; {first['unit']}."
    told = f"{first['printed']} were {first['category']}"
    others = rows[rows["unit"].eq("percent of internet users") & rows["category"].eq(first["category"])]
    told += f" (of internet users {others['printed'].iloc[0]})" if len(others) else ""
    students = rows[rows["category"] == "students"]
    told += f" and {students['printed'].iloc[0]} were students" if len(students) else ""
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
    base = last["unit"].removeprefix("percent of ")
    told = f"The commonest answer in {say_date(last['date'])} was: {last['category']}, {last['printed']} of {base}"
    if by_date.shape[1] > 1:
        both = by_date.dropna()
        moved = (both.iloc[:, -1] - both.iloc[:, 0]).abs()
        name = moved.idxmax()
        low, high = own[own["category"] == name].sort_values("date")["printed"].iloc[[0, -1]]
        told += f"; {name} moved most, from {low} in {say_date(both.columns[0])} to {high}"
        told += f", all others by {moved.drop(name).max():.1f} points or less"
    return f"{told}."


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
        newest = monthly.drop_duplicates("product", keep="last").sort_values("value", ascending=False).head(2)
        listed = [f"{row.product} ({row.printed} million, {say_date(row.date)})" for row in newest.itertuples()]
        told.append(f"the most devices a month opened {' and '.join(listed)}")
    if len(shares):
        first = shares.sort_values("value", ascending=False).iloc[0]
        told.append(
            f"the highest share in a survey of {say_date(first['date'])} is {first['printed']}, {first['category']}"
        )
    said = "; ".join(told)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


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
    return f"{len(own)} publishers print {listed} for {entity}; each counts other people in another way."


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
    for name, mine in rows[rows["breakdown"] == "size of firm"].groupby("entity", sort=False):
        ends = mine.iloc[[0, -1]].drop_duplicates()
        listed = " and ".join(f"{row.printed} ({row.category})" for row in ends.itertuples())
        told.append(f"{name}: {listed}")
    said = [f"By size of firm, {'; '.join(told)}."] if told else []
    own = rows[(rows["entity"] == entity) & (rows["breakdown"] != "size of firm")]
    if len(own):
        first = own.iloc[0]
        base = first["unit"].removeprefix("percent of ")
        said.append(f"For {entity} we found none by size; the newest figure is {first['printed']} of {base}.")
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
        part, heading, quote (what the sentence is about, word for word), sentence, reckoned (how a number in it is
        computed), url. First who; then the doubt about a newer figure that is a limit, or else what for; then the
        target, or else firms. No rows where the entity has no profile.
    """
    firms = parts["firms"][parts["firms"]["entity"].isin(profile["entity"])]
    rows = [
        _make_row("who", "Who", say_groups(parts["who"]), parts["who"]),
        _say_doubt(profile, data, indicator)
        or _make_row("what for", "What for", say_purposes(parts["purposes"]), parts["purposes"]),
        _say_target(profile) or _make_row("firms", "Which firms", say_firms(firms, ""), firms),
    ]
    found = pd.DataFrame(
        [row for row in rows if row], columns=["part", "heading", "quote", "sentence", "reckoned", "url"]
    )
    return found if len(profile) else found.head(0)


def _make_row(part: str, heading: str, sentence: str, rows: pd.DataFrame) -> dict[str, str]:
    """A row of the first page, with the address of the first figure; nothing for no sentence."""
    if not sentence:
        return {}
    url = rows["url"].iloc[0] if len(rows) else ""
    return {"part": part, "heading": heading, "quote": "", "sentence": sentence, "reckoned": "", "url": url}


def _say_doubt(profile: pd.DataFrame, data: Data, indicator: str) -> dict[str, str]:
    """What a newer "more than" may count besides: assistants that are built in; nothing where they have not grown.

    A share of users becomes one of internet users by the users and the internet users of its date.
    """
    entry = data.find_entry(indicator)
    built = profile[(profile["question"] == "through what") & profile["category"].str.startswith(_BUILT_IN)]
    rate = built[built["unit"] == "percent of internet users"].tail(1)
    share = built[built["unit"] == _COMPOSITION].tail(1)
    if rate.empty or share.empty or entry.unit != "million people":
        return {}
    newer, before = rate.iloc[0], share.iloc[0]
    figures = data.find_rows(newer["entity"], indicator)
    limit = figures[(figures["bound"] == "at_least") & (figures["date"] == newer["date"])]
    users = data.exact_values(newer["entity"], indicator).get(before["date"])
    online = data.exact_values(newer["entity"], "internet_users").get(before["date"])
    if limit.empty or users is None or online is None:
        return {}
    earlier = before["value"] * users / online
    sentence = (
        f"Some of them may never have opened an AI application: {newer['printed']} of internet users used their "
        f"phone's own assistant in {say_date(newer['date'])}, about {earlier:.0f}% in {say_date(before['date'])}."
    )
    reckoned = (
        f"{earlier:.0f}% is {before['printed']} of {users:g} million users, divided by {online:,g} million internet "
        f"users. The two surveys may have asked differently."
    )
    heading = f"“More than {limit['value'].iloc[0]:g} million people”"
    return {**_make_row("doubt", heading, sentence, rate), "reckoned": reckoned}


def _say_target(profile: pd.DataFrame) -> dict[str, str]:
    """The state's target as printed, and what it is not; nothing without one in percent."""
    rows = profile[(profile["question"] == "target") & profile["unit"].str.startswith("percent")].sort_values("date")
    if rows.empty:
        return {}
    quoted = "; ".join(f"“{row.quote}” ({row.date:%Y})" for row in rows.itertuples())
    levels = ", ".join(f"{row.printed} by {row.date:%Y}" for row in rows.itertuples())
    sentence = (
        "This is a share of terminals and agents; the document does not say of what, so no forecast of users can meet "
        "or miss it."
    )
    told = _make_row("target", "The state's target", sentence, rows)
    return {**told, "quote": f"Penetration of {rows['category'].iloc[0]}, {levels}: {quoted}."}


def cite(*frames: pd.DataFrame) -> str:
    """The publishers of figures, as a line of sources; "" for none.

    Parameters
    ----------
    *frames : DataFrame
        publisher.

    Returns
    -------
    str
    """
    named = {name for frame in frames for name in frame["publisher"] if name}
    names = sorted({name.partition(", as reported by ")[0] for name in named})
    return f"Source: {'; '.join(names)}." if names else ""
