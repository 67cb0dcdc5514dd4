"""Profile of use: who uses a technology, for what, with which product, by which measure, and in which firms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..base.formats import capitalize_first, format_long_date, format_place
from .data import Data
from .labels import find_source, find_within

# Columns that tell values apart; of two prints of one the newest public one counts.
_FIGURE_KEY = ["entity", "technology", "question", "breakdown", "category", "date", "unit"]
_WIDER = {"generative AI": ("AI in firms", "AI")}  # as part of which it is counted: no firms are asked about it alone
_QUALIFIED = {"exact": "", "at_least": "more than ", "at_most": "under ", "about": "about "}
_DEVICES, _SHARED = "million monthly active users", "AI "  # the beginning of names that several products share
# Units of the shares that a group has among the users, and among all who are online.
_OF_USERS, _OF_ONLINE = "percent of generative AI users", "percent of internet users"
# Groups of internet users that are one group among the users.
_JOINED = {"6 to 9": "19 and under", "10 to 19": "19 and under"}
# What is done in measures of plain use; others ask about work, or search.
_PLAIN = r"|(?:use|ever use|have used) (?:generative )?AI(?: chatbots| at least now and then)?"


def list_profile(data: Data, indicator: str) -> pd.DataFrame:
    """Values of the profile of use for an indicator's technology, or for a wider one.

    Parameters
    ----------
    data : Data
        With ``as_of``, values published later, or on an unknown day, are left out.
    indicator : str

    Returns
    -------
    DataFrame
        One row per value, in the order of ``profile.csv``: its columns, and ``printed`` (the value as text, with "more
        than" and the percent sign), ``people`` (million; for a share of users, this share of the users on that date),
        ``wider`` (whether the value is for a wider technology), ``publisher``, and ``url`` (the page on which it was
        read).

    Examples
    --------
    >>> from adoption_curves.indicators import load
    >>> rows = list_profile(load(), "genai_users")
    >>> {"question", "printed", "people"} <= {*rows.columns}
    True
    """
    technology = data.find_entry(indicator).technology
    wider = _WIDER.get(technology, ())
    rows, day = data.profile, data.day()
    rows = rows[rows["technology"].isin([technology, *wider]) & (technology != "")]
    if day is not None:
        rows = rows[rows["published"] <= day]
    rows = rows.sort_values("published", kind="stable", na_position="first").drop_duplicates(_FIGURE_KEY, keep="last")
    rows = _add_sources(data, rows.sort_index())
    rows["url"] = rows["note"].str.extract(r"(?:Read|Printed) at (\S+),", expand=False).fillna(rows["url"])
    rows = rows.assign(printed=_print_figures(rows), wider=rows["technology"].isin(wider))
    rows = rows.merge(_count_people(data, technology)[["entity", "date", "users"]], "left", ["entity", "date"])
    rows["people"] = rows["value"].where(rows["unit"] == _OF_USERS) / 100 * rows.pop("users")
    return rows.drop(columns=["row", "precision"]).reset_index(drop=True)


def compute_rates(data: Data, indicator: str, entity: str) -> pd.DataFrame:
    """Rates of use by age and sex: users of a group over internet users of that group.

    A group's share of the users does not show how common use is in the group, because the group may also be a large
    share of all people online.

    Parameters
    ----------
    data : Data
    indicator, entity : str

    Returns
    -------
    DataFrame
        One row per group and date: ``breakdown``, ``category``, ``date``, ``value`` (percent), ``users``, ``online``
        and ``left`` (million people who use it, who are online, and the difference), ``left_from`` (percent of the
        difference in this age group or an older one), ``falls`` (whether from this age on every group has a lower rate
        than the next younger one, in every report), ``unit``, ``published``, ``publisher``, ``url`` and ``note``. Rates
        that a publisher states have no numbers of people. ``attrs`` has the title and the units of a chart.

    Notes
    -----
    The rate is :math:`u_g U / (o_g O)`, where :math:`u_g` and :math:`o_g` are the group's shares of the users :math:`U`
    and of the internet users :math:`O`. For :math:`o_g` the latest published share is used.
    """
    rows = list_profile(data, indicator)
    rows = rows[(rows["entity"] == entity) & (rows["question"] == "who") & ~rows["wider"]]
    rows = rows[rows["breakdown"].isin(["age", "sex"])]
    shares = rows[rows["unit"] == _OF_ONLINE]
    shares = shares[shares["date"] == shares.groupby("breakdown")["date"].transform("max")]
    shares = shares.replace({"category": _JOINED}).groupby(["breakdown", "category"])
    shares = shares.agg(share=("value", "sum"), split=("date", "max"))
    counts = _count_people(data, data.find_entry(indicator).technology)
    computed = rows[rows["people"].notna()].drop(columns="people")
    computed = computed.merge(shares, on=["breakdown", "category"]).merge(counts, on=["entity", "date"])
    all_left = computed["online"] - computed["users"]
    computed[["users", "online"]] *= computed[["value", "share"]].to_numpy() / 100
    computed["left"] = computed["online"] - computed["users"]
    computed["value"] = 100 * computed["users"] / computed["online"]
    older = computed[::-1].groupby(["breakdown", "date"])["left"].cumsum()
    computed["left_from"] = (100 * older / all_left).where(computed["breakdown"] == "age")
    falls = computed.groupby(["breakdown", "date"])["value"].diff() < 0
    falls = falls.groupby([computed["breakdown"], computed["category"]]).transform("all")
    falls = falls[::-1].groupby([computed["breakdown"], computed["date"]]).cummin()
    computed = computed.assign(falls=falls & (computed["breakdown"] == "age"), unit=f"{_OF_ONLINE} of the group")
    split = pd.to_datetime(computed["split"]).dt.strftime("%B %Y")
    computed["note"] = "We computed these rates with internet users by group as of " + split + "."
    published = rows[~rows["unit"].isin([_OF_USERS, _OF_ONLINE])].assign(falls=False)
    columns = ["breakdown", "category", "date", "value", "users", "online", "left", "left_from", "falls"]
    columns += ["unit", "published", "publisher", "url", "note"]
    parts = [part for part in (published, computed) if len(part)]
    rates = pd.concat(parts or [computed]).sort_values("date", kind="stable", ignore_index=True)
    rates = rates.reindex(columns=columns)
    rates.attrs = _describe_rates(rates, rows[(rows["unit"] == _OF_USERS) & (rows["breakdown"] == "age")])
    return rates


def _describe_rates(rates: pd.DataFrame, shares: pd.DataFrame) -> dict[str, str]:
    """Title and units of a chart of rates: the age from which they fall, and the group whose share changed most."""
    ages = rates.loc[rates["falls"], "category"]
    title = f"Use falls with age from {ages.iloc[0].split()[0]} on" if len(ages) else "Use by age and sex"
    units = ", and ".join(rates["unit"][::-1].unique())  # that of the newest report first
    moved = shares.pivot(index="category", columns="date", values="value").iloc[:, -2:]
    if moved.shape[1] == 2:
        group = moved.diff(axis=1).iloc[:, 1].abs().idxmax()
        (start, before), (end, after) = moved.loc[group].items()
        units += f". The share of {group} among users {'fell' if after < before else 'rose'} from {before}% "
        units += f"({format_long_date(start)}) to {after}% ({format_long_date(end)})"
    return {"title": title, "units": capitalize_first(units)}


def _count_people(data: Data, technology: str) -> pd.DataFrame:
    """Users of a technology and internet users in million people, by entity and date; exact values only."""
    about = data.indicators[data.indicators["unit"] == "million people"]
    about = about[(about["technology"] == technology) & (about["limit"] != "")].head(1)
    exact = data.observations[data.observations["qualifier"] == "exact"]
    users, online = (exact[exact["indicator"].isin(about[column])] for column in ("indicator", "limit"))
    both = users.merge(online, on=["entity", "date"])
    return both.rename(columns={"value_x": "users", "value_y": "online"})[["entity", "date", "users", "online"]]


def list_products(data: Data, indicator: str, entity: str) -> pd.DataFrame:
    """Number of devices that use each product of a technology in a month, as estimated from telemetry.

    Parameters
    ----------
    data : Data
    indicator, entity : str

    Returns
    -------
    DataFrame
        One row per product and date: ``product``, ``date``, ``value``, ``unit``, ``printed``, ``published``, ``who``,
        ``publisher``, ``url``, ``note`` and ``regime`` (values before and after a change of method have different
        ones).

    Raises
    ------
    DataError
        If a name is unknown.
    """
    data.check_entity(entity)
    technology = data.find_entry(indicator).technology
    about = data.indicators[data.indicators["unit"] == _DEVICES]
    about = about[(about["technology"] == technology) & (about["kind"] == "telemetry")]
    about = about.assign(product=about["title"].str.extract(r"^Users of (.+) \(", expand=False))
    about = about[about["product"].notna() & ~about["product"].str.startswith(_SHARED).fillna(True)]
    rows = data.observations[(data.observations["entity"] == entity) & (data.observations["qualifier"] == "exact")]
    rows = rows.merge(about[["indicator", "product", "unit"]], on="indicator").assign(who="telemetry, devices")
    rows = _add_sources(data, rows).assign(printed=_print_figures(rows))
    counted = list_profile(data, indicator)
    counted = counted[
        (counted["entity"] == entity) & (counted["question"] == "which product") & (counted["unit"] == _DEVICES)
    ]
    counted = counted[counted["who"].str.startswith("telemetry")].rename(columns={"category": "product"})
    breaks = data.breaks[data.breaks["indicator"].isin(about["indicator"]) & (data.breaks["kind"] == "break")]
    columns = ["product", "date", "value", "unit", "printed", "published", "who", "publisher", "url", "note"]
    products = pd.concat([rows[columns], counted[columns]]).sort_values(["product", "date"], ignore_index=True)
    regime = np.searchsorted(np.sort(breaks["date"].unique()), products["date"], side="right")
    return products.assign(regime=regime)


def list_measures(data: Data, indicator: str, entities: Sequence[str]) -> pd.DataFrame:
    """Latest estimate of the share of people who use a technology, by publisher and country or region.

    Parameters
    ----------
    data : Data
    indicator : str
        For a series of your own data the result is empty.
    entities : sequence of str
        Countries and regions.

    Returns
    -------
    DataFrame
        One row per entity and publisher, in the order of `entities`, the highest value first: ``entity``,
        ``indicator``, ``ruler`` (short name of the publisher), ``date``, ``value`` (percent), ``qualifier``,
        ``printed``, ``unit``, ``people`` (who is counted), ``window`` (the time within which one use counts, or the
        question), ``kind``, ``published``, ``publisher``, ``url`` and ``note``. Empty if the first entity has no
        estimate. ``attrs`` has a title with the range of the first entity's estimates.
    """
    about = data.indicators.drop(columns=["row", "measure"])
    about = about[(about["technology"] == data.find_entry(indicator).technology) & (about["technology"] != "")]
    about = about[about["unit"].str.startswith("percent") & about["doing"].str.fullmatch(_PLAIN)]
    if data.is_beside and indicator in {name for _, name in data.own}:
        about = about.head(0)
    about = about[["indicator", "title", "unit", "people", "kind", "within"]]
    rows = data.observations[data.observations["entity"].isin(entities)].merge(about, on="indicator")
    rows = _add_sources(data, rows).assign(printed=_print_figures(rows))
    rows["ruler"] = (rows["title"] + " " + rows["publisher"]).str.extract(r"\(([A-Z][^()]*)\)", expand=False)
    rows["ruler"] = rows["ruler"].fillna(rows["publisher"])
    rows["place"] = rows["entity"].map({name: place for place, name in enumerate(entities)})
    rows = rows.sort_values(["date", "value"], kind="stable").drop_duplicates(["entity", "ruler"], keep="last")
    rows = rows.sort_values(["place", "value"], ascending=[True, False], kind="stable", ignore_index=True)
    rows["window"] = [_find_window(data, row) for row in rows.itertuples()]
    columns = ["entity", "indicator", "ruler", "date", "value", "qualifier", "printed", "unit", "people", "window"]
    rows = rows if (rows["place"] == 0).any() else rows.head(0)
    own = np.floor(rows.loc[rows["place"] == 0, "value"] + 0.5)
    measures = rows[[*columns, "kind", "published", "publisher", "url", "note"]]
    where = f"Estimates of use in {format_place(entities[0])}"
    measures.attrs["title"] = f"{where} run from {own.min():.0f}% to {own.max():.0f}%" if len(own) > 1 else where
    return measures


def count_profile(data: Data, words: Sequence[str] = ()) -> pd.DataFrame:
    """Number of values in the profile of use, by technology and entity.

    Parameters
    ----------
    data : Data
    words : sequence of str
        Only rows with all of these words in entity, technology or question, in upper or lower case.

    Returns
    -------
    DataFrame
        One row per technology and entity, with their number as ``figures``.
    """
    rows = data.profile if data.day() is None else data.profile[data.profile["published"] <= data.day()]
    texts = (rows["entity"] + " " + rows["technology"] + " " + rows["question"]).str.casefold()
    for word in words:
        rows = rows[texts.loc[rows.index].str.contains(word.casefold(), regex=False)]
    counts = rows.groupby(["technology", "entity"]).size().sort_values(ascending=False, kind="stable")
    return counts.reset_index(name="figures")


def _add_sources(data: Data, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the publisher of their source and the address of the page on which each value was read."""
    return rows.assign(**{name: find_source(data, rows, name) for name in ("publisher", "url")})


def _print_figures(rows: pd.DataFrame) -> list[str]:
    """Values as text with the published decimals, a qualifier such as "more than", and the percent sign."""
    decimals = (-np.log10(2 * rows["precision"])).round().clip(lower=0).astype(int)
    signs = np.where(rows["unit"].str.startswith("percent"), "%", "")
    parts = zip(rows["qualifier"].map(_QUALIFIED), rows["value"], decimals, signs, strict=True)
    return [f"{words}{value:,.{count}f}{sign}" for words, value, count, sign in parts]


def _find_window(data: Data, row: Any) -> str:
    """Time within which one use counts for a value, or the question in quotation marks."""
    entity, indicator, date = (getattr(row, name) for name in ("entity", "indicator", "date"))
    within = find_within(str(getattr(row, "within", "")), date)[0]
    questions = data.wording[(data.wording["indicator"] == indicator) & data.wording["entity"].isin(["", entity])]
    newest = questions[questions["date"] <= date].sort_values("date", kind="stable").tail(1)
    newest = newest[newest["status"] != "not known"]
    if within or newest.empty:
        return within or ("question not known" if row.people else "")
    words, status = newest[["wording", "status"]].iloc[0]
    return f'"{words}"' if status == "verbatim" and '"' not in words else words
