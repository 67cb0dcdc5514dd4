"""The site, and the file that says how to cite it."""

import re
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup
from kept_runs import ROOT, read_table
from snapshots import check_part, write_rows

from adoption_curves import curves, forecast, indicators, runs
from adoption_curves.forecast import scores
from adoption_curves.runs.parameters import Parameters
from adoption_curves.show import figures

PAGES = {path.name: path for path in (ROOT / "docs").glob("*.md")}
PAGES |= {name: ROOT / name for name in ("README.md", "data/README.md", "outputs/README.md")}
PAGES["peers.md"] = ROOT / "benchmarks" / "peers.md"
PAGES["RESULTS.md"] = ROOT / "benchmarks" / "RESULTS.md"


@pytest.fixture(scope="module")
def pages(site):
    """The site's pages by path, without those of the gallery's runs and the one that computes."""
    paths = [path for path in sorted(site.rglob("*.html")) if path.parts[len(site.parts)] != "gallery"]
    paths = [path for path in paths if path.stem != "try"]
    return {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in paths}


def test_no_link_of_the_site_is_broken_and_no_page_makes_a_request(site, pages):
    anchors = {path: {tag.get("id") or tag.get("name") for tag in page.find_all(True)} for path, page in pages.items()}
    assert len(pages) > 20
    broken, links = [], 0
    for path, page in pages.items():
        addresses = [(tag.name, tag[name]) for name in ("href", "src") for tag in page.find_all(attrs={name: True})]
        for tag, address in addresses:
            parts = urlsplit(address)
            loads = tag in ("img", "script", "link", "iframe", "source", "video", "audio")
            if parts.scheme:
                broken += [f"{path.name}: {address}"] if loads and parts.scheme != "data" else []
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            links += 1
            anchored = not parts.fragment or unquote(parts.fragment) in anchors.get(target, ())
            if parts.netloc or not target.is_file() or not anchored:
                broken.append(f"{path.name}: {address}")
    assert links > 1000
    assert broken == []
    styles = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.css")}
    loading = r"@import|url\(\s*['\"]?(https?:)?//"
    assert [path for path, style in styles.items() if re.search(loading, style)] == []


def test_the_site_shows_every_chart_of_the_run_and_documents_every_public_name(site, pages, whole_run):
    cards = pages[site / "run" / "gallery.html"].find_all("figure")
    drawn = {path.stem for path in (whole_run / "figures").glob("*.png")}
    assert {Path(card.img["src"]).stem for card in cards} == drawn
    assert all(card.img["alt"] and card.strong.text for card in cards)
    for package in (curves, figures, forecast, indicators):
        name = package.__name__
        text = pages[site / "run" / "api" / f"{name.rpartition('.')[2]}.html"]
        documented = {tag["id"] for tag in text.find_all("dt", id=True)}
        functions = [one for one in package.__all__ if callable(getattr(package, one))]
        assert not [one for one in functions if f"{name}.{one}" not in documented]
    picture = pages[site / "index.html"].find("picture")
    addresses = [picture.source["srcset"], picture.img["src"]]
    assert ["narrow" in address for address in addresses] == [True, False], "one for telephones"
    assert all((site / address).is_file() for address in addresses)


def test_the_gallery_has_a_picture_a_headline_and_the_page_of_each_run(site, pages, whole_run):
    headline = pd.read_csv(whole_run / "tables" / "06_key_numbers.csv")["text"][0]
    cards = pages[site / "gallery.html"].find_all("figure")
    runs = [run["run"] for run in yaml.safe_load((ROOT / "docs" / "gallery.yaml").read_text(encoding="utf-8"))["runs"]]
    assert sorted(card.a["href"] for card in cards) == sorted(f"gallery/{run}/index.html" for run in runs)
    for card in cards:
        assert (site / card.img["src"]).is_file()
        assert card.figcaption.a.get_text(strip=True) == headline
        assert (site / card.a["href"]).is_file()


def test_each_line_of_the_gallery_gives_something(site, pages):
    """A line as it is there, after the lines above all of them, with the project's own data."""
    gallery, names = pages[site / "run" / "gallery.html"], {}
    exec(gallery.find("pre").text, names)
    for line in [card.code.text for card in gallery.find_all("figure") if card.code]:
        exec(f"given = {line}", names)
        assert names["given"] is not None, line
        assert len(names["given"]) if hasattr(names["given"], "__len__") else True


def list_anchors(path):
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES.values(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_as_github_resolves_them(path):
    text = path.read_text(encoding="utf-8")
    for address in re.findall(r'(?:\]\(|(?:src|srcset)=")([^)"\s]+)[)"]', text):
        name, _, anchor = address.partition("#")
        target = path.parent / name if name else path
        assert "://" in address or target.is_file(), address
        assert not anchor or "://" in address or anchor in list_anchors(target), address
    assert "```{" not in text, "GitHub shows directives as code"


def join_numbers(values, form="{:.0f}"):
    """Numbers in a sentence: 83, 86 and 79."""
    *others, last = map(form.format, values)
    return f"{', '.join(others)} and {last}"


def write_interval(table, **where):
    """Cells of the 80% interval and the median for December 2030, in the first row of a table with these cells."""
    rows = table[(table[list(where)] == pd.Series(where)).all(axis=1) & (table["date"] == "2030-12-31")]
    return f"{rows['q0.1'].iloc[0]:,.0f} to {rows['q0.9'].iloc[0]:,.0f}", f"{rows['q0.5'].iloc[0]:,.0f}"


def write_choices():
    """The forecast with each choice of what it uses."""
    newer, since, limits = (read_table("baseline", name) for name in ("05_newer", "05_since", "05_other_limits"))
    return write_rows(
        ("what the forecast uses", "80% interval, million people", "median"),
        (
            "the assumed value for June 2026, 702 to 714 million (our forecast)",
            *write_interval(read_table("baseline", "05_forecast")),
        ),
        (
            "the lower bound of 700 million alone, and the values before June 2025",
            *write_interval(newer, form="as published"),
        ),
        ("only values before June 2026, also those before June 2025", *write_interval(newer, form="without it")),
        ("also the values before June 2025", *write_interval(since)),
        ("the population as the limit", *write_interval(limits, limit="Population at the year-end")),
    )


def write_sides():
    """Coverage of 80% intervals, with outcomes on either side."""
    sides = read_table("baseline", "04_sides").set_index("level")
    wide = sides.loc[0.9].set_index("horizon_years")["above"]
    head = "years ahead", "technologies", "inside the 80% interval", "below it", "above it", "above the 90% interval"
    rows = [
        (f"{row.horizon_years:g}", f"{row.technologies:g}",
         f"{100 - row.below - row.above:.0f}% ({row.low_covered:.0f} to {row.high_covered:.0f})",
         f"{row.below:.1f}%", f"{row.above:.1f}%", f"{wide[row.horizon_years]:.1f}%")
        for row in sides.loc[0.8].itertuples()
    ]  # fmt: skip
    return write_rows(head, *rows)


def write_odds():
    """Later values above and below the interval of growth that levels off."""
    odds, titles = curves.read_odds().set_index(["kind", "years"]), {
        "phones by country, below 100 per 100 people": "mobile phones by country, below 100 per 100 people",
        "fixed lines by country": "fixed telephone lines by country",
        "internet users, limit 100": "external test: internet users by country, limit 100%",
    }  # fmt: skip
    rows = [
        (title, *("{above}, {below}, of {figures}".format(**odds.loc[(kind, years)]) for years in (1, 5, 10)))
        for kind, title in titles.items()
    ]
    return write_rows(
        (
            "series",
            "values above, values below, all values after 1 year",
            "the same after 5 years",
            "the same after 10 years",
        ),
        *rows,
    )


def test_the_page_on_the_forecast_has_the_numbers_of_the_kept_tables(renew, data, references):
    compared = read_table("baseline", "04_skill")
    skill = compared.query("benchmark == 'straight_line'")
    fitted = compared[compared["benchmark"].str.contains("logistic|gompertz")]
    curves_worse = 100 * (1 / fitted["wis_relative"]).groupby(fitted["benchmark"]).mean() - 100
    held_out = read_table("baseline", "04_held_out").query("method == 'forecast'").set_index("horizon_years")
    four, eight = (held_out[held_out["window"] == window] for window in (4, 8))
    near, far = 100 * eight.loc[[3, 5], "coverage_80"]
    technologies, later = read_table("baseline", "04_comparison_technologies"), read_table("baseline", "05_class")
    peers = pd.read_csv(ROOT / "benchmarks" / "peers.csv").query("method != 'the formula' and technologies > 1")
    peers = peers[peers["without_answer"] < 50]
    better = peers[peers["wis_over_ours"] < 1]
    prophet = peers.query("method == 'Prophet, capped' and bands == 'its own'")["wis_over_ours"]
    external = pd.read_csv(ROOT / "data" / "audit.csv")
    sold = external.query("series.str.startswith('numbers sold')").set_index("years")
    levels = external.query("series.str.endswith('by country')").set_index(
        ["series", "figures", "share_of_limit", "years", "method"]
    )
    scored = levels["wis_over_straight_line"].unstack()
    half_pace = 100 * (scored["half of the mean pace, the formula's spread"] / scored["formula"] - 1)
    glossary = pd.read_csv(ROOT / "src/helpers/adoption_curves/say/glossary.csv", keep_default_na=False)
    sources = indicators.list_measures(data, "genai_users", ["China"])
    bases = {
        "MIC web panel": "the members of a web panel (MIC)",
        "CNNIC": "the population (CNNIC)",
        "Microsoft": "people aged 15 to 64 (Microsoft)",
    }
    parts = {
        "choices": write_choices(),
        "sides": write_sides(),
        "odds": write_odds(),
        "glossary": write_rows(("label", "meaning"), *glossary[["label", "meaning"]].itertuples(index=False)),
        "technologies": str(len({series.technology for series in references})),
        "class": f"{len(later)} technologies, which were at {later['share'].min():.0f} to {later['share'].max():.0f}% "
        "of their limits",
        "sold": f"one year ahead, {sold.loc[1, 'inside_80']:.0f}% of such numbers were between half of the trend and "
        f"twice the trend. Five years ahead, {sold.loc[5, 'inside_80']:.0f}% of them were between a sixth of the trend "
        "and six times the trend",
        "verdict": f"*{read_table('baseline', '03_saturation_level')['verdict'].iloc[0]}*",
        "held_out_4": f"{join_numbers(100 * four['coverage_80'])}% of outcomes after 1, 2, 3 and 5 years "
        f"({four['technologies'].min()} to {four['technologies'].max()} technologies)",
        "held_out_8": f"{near:.0f}% after 3 years and {far:.0f}% after 5 ({eight.loc[5, 'technologies']} technologies)",
        "skill": join_numbers(skill.loc[skill["window"] == 4, "wis_relative"], "{:.2f}"),
        "half_pace": f"{half_pace.min():.0f} to {half_pace.max():.0f}%",
        "prophet": f"{prophet.min():.1f} to {prophet.max():.1f}",
        "curves": f"{curves_worse.min():.0f}% worse than the forecast and the worst {curves_worse.max():.0f}%",
        "peers": f"{len(better)} of {len(peers)} comparisons, and in {(better['high'] < 1).sum()} of these "
        "the difference was beyond chance",
        "last_years": f"{technologies['last'].min()[:4]} to {technologies['last'].max()[:4]}",
        "last_shares": f"{technologies['last_share'].min():.0f} to {technologies['last_share'].max():.0f}%",
        "sources": join_numbers(sources["printed"] + " of " + sources["ruler"].map(bases), "{}"),
    }  # fmt: skip
    for name, text in parts.items():
        check_part(PAGES["forecast.md"], name, text, renew)


@pytest.mark.slow
def test_the_page_on_the_forecast_has_the_coverage_of_shares_of_sales(renew, data):
    series = [each for role in ("reference", "held_out") for each in data.references(role=role, measure="flow")]
    tested = scores.evaluate(forecast.backtest(series, "sales", windows=(4,)))
    covered = scores.cover_by_market(tested, series).set_index("market")["covered"]
    for market in ("US cars", "photovoltaics", "electric cars"):
        text = f"{join_numbers(covered[market])}%"
        check_part(PAGES["forecast.md"], market.lower().replace(" ", "_"), text, renew)


def test_the_page_on_runs_has_each_parameter_with_its_default_and_meaning(renew):
    fields = Parameters.model_fields.items()
    rows = [(f"`{name}`", f"`{field.default!r}`", field.description) for name, field in fields]
    check_part(PAGES["runs.md"], "parameters", write_rows(("parameter", "default", "meaning"), *rows), renew)


def test_the_page_on_python_lists_what_packages_promise_and_all_of_it_is_there(renew):
    packages = {each.__name__: sorted(each.__all__) for each in (curves, forecast, indicators, runs, figures)}
    rows = [(f"`{name}`", ", ".join(f"`{each}`" for each in names)) for name, names in packages.items()]
    check_part(PAGES["python.md"], "names", write_rows(("package", "names"), *rows), renew)
    for name in packages:
        exec(f"from {name} import *", {})


def test_a_citation_names_the_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
