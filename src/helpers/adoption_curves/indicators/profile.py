"""Profile of use: who uses a technology, for what, with which product, by which ruler, in which firms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .data import Data
from .labels import find_source, find_within

_FIGURE_KEY = ["entity", "technology", "question", "breakdown", "category", "date", "unit"]
"""Columns that tell figures apart; of two prints of one the newest public one counts."""
_WIDER = {"generative AI": ("AI in firms", "AI")}  # as part of which it is counted: no firms are asked about it alone
_QUALIFIED = {"exact": "", "at_least": "more than ", "at_most": "under ", "about": "about "}
_DEVICES, _SHARED = "million monthly active users", "AI "  # the beginning of names that several products share
_USERS = ["percent of generative AI users", "percent of those who have used generative AI"]
"""Units of shares of users, which alone are compared by what people use it for."""
_LEAST_USES, _MOST_USES = 3, 12  # that make a list, and that a figure shows of one
_PLAIN = r"|(?:use|ever use|have used) (?:generative )?AI(?: chatbots| at least now and then)?"
"""What is done in measures of plain use; others ask about work, or search."""


def list_profile(data: Data, indicator: str) -> pd.DataFrame:
    """List the figures of the profile that are of an indicator's technology, or of a wider one, as known.

    Parameters
    ----------
    data : Data
        ``as_of`` leaves out what was published later, and figures whose day of publication is not known.
    indicator : str

    Returns
    -------
    DataFrame
        The columns of ``profile.csv`` in its order; besides printed (the figure in words, with "more than" and its
        like, and the sign of percentages), wider (bool: of a wider technology), publisher, and url (of the page that
        was read).
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
    return rows.drop(columns=["row", "precision"]).reset_index(drop=True)


def select_people(rows: pd.DataFrame) -> pd.DataFrame:
    """Pick what a figure shows of who uses it: the newest figures by age, the largest groups of others, and both sexes.

    Parameters
    ----------
    rows : DataFrame
        From `list_profile`, of one entity and the question "who".

    Returns
    -------
    DataFrame
        The same columns. Of internet users 6 to 9 and 10 to 19 are added, since users are printed as 19 and under.
    """
    rows = rows[rows["breakdown"].isin(["age", "education", "occupation", "sex"])]
    rows = rows[rows["date"] == rows.groupby("breakdown")["date"].transform("max")]
    split = rows[rows["category"].isin(["6 to 9", "10 to 19"]) & (rows["unit"] == "percent of internet users")]
    added = split.drop_duplicates("breakdown").assign(category="19 and under", value=split["value"].sum())
    added["printed"] = [f"{value:.1f}%" for value in added["value"]]
    added["note"] = " and ".join(split["printed"]) + " of 6 to 9 and of 10 to 19, added by us."
    ages = pd.concat([added, rows[rows["breakdown"] == "age"].drop(split.index)])
    first = ages["unit"].eq("percent of internet users")  # the users come first
    ages = pd.concat([ages[~first], ages[first]])
    others = rows[rows["breakdown"].isin(["education", "occupation"])].sort_values("value", ascending=False)
    return pd.concat([ages, others.drop_duplicates("breakdown").sort_index(), rows[rows["breakdown"] == "sex"]])


def select_purposes(rows: pd.DataFrame, entity: str, countries: Sequence[str]) -> pd.DataFrame:
    """Pick what a figure shows of uses: the two newest lists of the entity, and those of one country with such a base.

    Parameters
    ----------
    rows : DataFrame
        From `list_profile`, of the question "what for".
    entity : str
    countries : sequence of str

    Returns
    -------
    DataFrame
        The same columns: shares of users where they are printed, else of all who were asked; three uses or more a list.
    """
    key = ["entity", "unit", "date"]
    enough = rows.groupby(key)["category"].transform("size") >= _LEAST_USES
    rows = rows[rows["unit"].str.startswith("percent") & enough]
    rows = rows.assign(users=rows["unit"].isin(_USERS))
    own = rows[rows["entity"] == entity]
    own = own[own["users"]] if own["users"].any() else own[own["date"] == own["date"].max()].head(_MOST_USES)
    own = own[own["unit"].isin(own["unit"].tail(1))]
    others = rows[rows["users"] & rows["entity"].isin(countries) & (rows["entity"] != entity)]
    others = others[others["entity"].isin(others["entity"].head(1)) & own["users"].any()]
    newest = [each[each["date"].isin(sorted(each["date"].unique())[-2:])] for each in (own, others)]
    return pd.concat(newest).drop(columns="users")


def list_products(data: Data, indicator: str, entity: str) -> pd.DataFrame:
    """List how many devices use each product of a technology in a month, as estimated from telemetry.

    Parameters
    ----------
    data : Data
    indicator, entity : str

    Returns
    -------
    DataFrame
        product, date, value, unit, printed, published, who, publisher, url, note, regime (figures of two regimes may
        not be comparable); from the observations and the profile, in order of product and date.

    Raises
    ------
    DataError
        For a name that the data do not have.
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
    told = list_profile(data, indicator)
    told = told[(told["entity"] == entity) & (told["question"] == "which product") & (told["unit"] == _DEVICES)]
    told = told[told["who"].str.startswith("telemetry")].rename(columns={"category": "product"})
    breaks = data.breaks[data.breaks["indicator"].isin(about["indicator"]) & (data.breaks["kind"] == "break")]
    columns = ["product", "date", "value", "unit", "printed", "published", "who", "publisher", "url", "note"]
    found = pd.concat([rows[columns], told[columns]]).sort_values(["product", "date"], ignore_index=True)
    regime = np.searchsorted(np.sort(breaks["date"].unique()), found["date"], side="right")
    return found.assign(regime=regime)


def list_rulers(data: Data, indicator: str, entities: Sequence[str]) -> pd.DataFrame:
    """List what share of whom uses a technology by each publisher's own measure, in each of some places.

    Parameters
    ----------
    data : Data
    indicator : str
        Of own data there is no other measure.
    entities : sequence of str

    Returns
    -------
    DataFrame
        entity, ruler (the publisher, short), date, value (percent), limit, printed, unit, people (who is counted),
        window (the time or the question), kind, published, publisher, url, note; of each publisher the newest figure,
        and of several on one day the highest. Ordered by entity as given, the highest first; empty where the first
        entity has none.
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
    columns = ["entity", "ruler", "date", "value", "qualifier", "printed", "unit", "people", "window", "kind"]
    rows = rows if (rows["place"] == 0).any() else rows.head(0)
    return rows[[*columns, "published", "publisher", "url", "note"]]


def count_profile(data: Data, words: Sequence[str] = ()) -> pd.DataFrame:
    """Count the figures of the profile by technology and entity.

    Parameters
    ----------
    data : Data
    words : sequence of str
        Only rows that have all of them in entity, technology or question, in whatever case.

    Returns
    -------
    DataFrame
        technology, entity, figures.
    """
    rows = data.profile if data.day() is None else data.profile[data.profile["published"] <= data.day()]
    texts = (rows["entity"] + " " + rows["technology"] + " " + rows["question"]).str.casefold()
    for word in words:
        rows = rows[texts.loc[rows.index].str.contains(word.casefold(), regex=False)]
    counts = rows.groupby(["technology", "entity"]).size().sort_values(ascending=False, kind="stable")
    return counts.reset_index(name="figures")


def _add_sources(data: Data, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the publisher and the address of their source, or of the other page on which a figure was read."""
    return rows.assign(**{name: find_source(data, rows, name) for name in ("publisher", "url")})


def _print_figures(rows: pd.DataFrame) -> list[str]:
    """Figures with the decimals that were printed, in words what the source says of them, and the sign of percent."""
    decimals = (-np.log10(2 * rows["precision"])).round().clip(lower=0).astype(int)
    signs = np.where(rows["unit"].str.startswith("percent"), "%", "")
    parts = zip(rows["qualifier"].map(_QUALIFIED), rows["value"], decimals, signs, strict=True)
    return [f"{words}{value:,.{count}f}{sign}" for words, value, count, sign in parts]


def _find_window(data: Data, row: object) -> str:
    """The time within which one use counts at a figure, or the question that was asked, in quotation marks."""
    entity, indicator, date = (getattr(row, name) for name in ("entity", "indicator", "date"))
    within = find_within(str(getattr(row, "within", "")), date)[0]
    asked = data.wording[(data.wording["indicator"] == indicator) & data.wording["entity"].isin(["", entity])]
    newest = asked[asked["date"] <= date].sort_values("date", kind="stable").tail(1)
    newest = newest[newest["status"] != "not known"]
    if within or newest.empty:
        return within or "question not known"
    words, status = newest[["wording", "status"]].iloc[0]
    return f'"{words}"' if status == "verbatim" and '"' not in words else words
