"""The site, and the file that says how to cite it."""

import importlib
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup
from data_readme import PROMISED, write_names, write_parameters
from golden import KEPT
from kept_runs import read_table

from adoption_curves import curves, forecast, indicators
from adoption_curves.forecast import frames
from adoption_curves.show import figures

ROOT = Path(__file__).parents[2]
PAGES = {path.name: path for path in (ROOT / "docs").glob("*.md")}
PAGES |= {name: ROOT / name for name in ("README.md", "data/README.md", "outputs/README.md")}
LONGEST = 30
"""Words of a sentence."""
LEFT_OUT = re.compile(
    r"\A---\n.*?^---$"  # how a page is built
    r"|<!-- findings -->.*?<!-- /findings -->"  # of a run
    r"|^```.*?^```$|\$\$.*?\$\$"
    r"|^[#|<!].*?$",  # headings, tables and pictures
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture(scope="module")
def pages(site):
    """The site's pages by path, without those of the gallery's runs."""
    paths = [path for path in sorted(site.rglob("*.html")) if path.parts[len(site.parts)] != "gallery"]
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


def test_the_site_has_equations_figures_and_every_public_name(site, pages, whole_run):
    assert len(pages[site / "method.html"].find_all("math")) > 50
    cards = pages[site / "run" / "gallery.html"].find_all("figure")
    drawn = {path.stem for path in (whole_run / "figures").glob("*.png")}
    assert {Path(card.img["src"]).stem for card in cards} == drawn
    assert all(card.img["alt"] and card.strong.text for card in cards)
    assert sum(card.strong.text.endswith("?") for card in cards) > 10
    for package in (curves, figures, forecast, indicators):
        name = package.__name__
        text = pages[site / "api" / f"{name.rpartition('.')[2]}.html"]
        documented = {tag["id"] for tag in text.find_all("dt", id=True)}
        functions = [one for one in package.__all__ if callable(getattr(package, one))]
        assert not [one for one in functions if f"{name}.{one}" not in documented]
    picture = pages[site / "index.html"].find("picture")
    addresses = [picture.source["srcset"], picture.img["src"]]
    assert ["narrow" in address for address in addresses] == [True, False], "one for telephones"
    assert all((site / address).is_file() for address in addresses)


def test_the_gallery_has_a_picture_a_headline_and_the_page_of_each_run(site, pages, whole_run):
    headline = pd.read_csv(whole_run / "tables" / "06_findings.csv")["sentence"][0]
    cards = pages[site / "gallery.html"].find_all("figure")
    runs = [run["run"] for run in yaml.safe_load((ROOT / "docs" / "gallery.yaml").read_text(encoding="utf-8"))["runs"]]
    assert sorted(card.a["href"] for card in cards) == sorted(f"gallery/{run}/index.html" for run in runs)
    assert len(runs) == 20
    for card in cards:
        assert (site / card.img["src"]).is_file()
        assert card.figcaption.a.get_text(strip=True) == headline
        assert (site / card.a["href"]).is_file()


def test_each_line_of_the_gallery_gives_something_and_the_page_on_python_shows_what_its_cells_gave(site, pages):
    """A line as it stands there, after the lines above all of them, with the project's own data."""
    gallery, page, names = pages[site / "run" / "gallery.html"], pages[site / "python.html"], {}
    exec(gallery.find("pre").text, names)
    for line in [card.code.text for card in gallery.find_all("figure") if card.code]:
        exec(f"given = {line}", names)
        assert names["given"] is not None, line
        assert len(names["given"]) if hasattr(names["given"], "__len__") else True
    assert len(page.select(".cell")) > 8
    assert "<levels off: ends between" in page.text
    pictures = page.select(".cell_output img")
    assert len(pictures) == 2
    assert all((site / tag["src"]).stat().st_size > 5000 and len(tag["alt"]) > 40 for tag in pictures)


def read_sentences(text):
    """The sentences of a page's paragraphs and lists, each on one line; code and a formula count as a word."""
    text = re.sub(r"`[^`]+`|\$[^$]+\$", "code", LEFT_OUT.sub("\n", text))
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text))
    return [each for one in paragraphs for each in re.split(r"(?<=[.?!])[*\")]*\s+", " ".join(one.split())) if each]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_sentence_is_longer_than_thirty_words(name):
    sentences = read_sentences(PAGES[name].read_text(encoding="utf-8"))
    assert sentences or name in ("data.md", "index.md")  # these two only include others
    assert [each for each in sentences if len(each.split()) > LONGEST] == []


def list_anchors(path):
    """Anchors of the headings of a page and of what it includes, as GitHub and the site write them."""
    text = path.read_text(encoding="utf-8")
    for part in re.findall(r"^```\{include\} (\S+)$", text, flags=re.MULTILINE):
        text += (path.parent / part).read_text(encoding="utf-8")
    found = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_links_of_a_page_lead_to_files_and_headings(name):
    """Those inside the project; `make docs` follows the site's own."""
    path = PAGES[name]
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists() or place.startswith("run/"), f"{link}: the default run makes what lies in run/"
        assert not anchor or anchor in list_anchors(target), link


def test_the_docs_are_short_and_the_method_is_one_page():
    """Of 930 words with its constants and without its references, a formula counted as one."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
    assert len(pages) <= 13
    count = sum(len(page.split()) for page in pages.values())
    assert count <= 10_000, f"the pages of docs/ have {count} words"
    page, _, references = pages["method.md"].partition("\n## References\n")
    assert references.count("\n- ") == 7
    text = re.sub(r"<!--.*?-->|^\|[-|]+\|$", "", page, flags=re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", "formula", re.sub(r"\]\([^)]*\)", "", text), flags=re.DOTALL)
    count = len(re.findall(r"\S*\w\S*", text))
    assert 700 < count <= 930, f"docs/method.md has {count} words"


def read_block(name):
    """Rows of the table that stands between marks of this name on the page on the forecast."""
    page = PAGES["forecast.md"].read_text(encoding="utf-8")
    return page[page.index(f"<!-- {name} -->") : page.index(f"<!-- /{name} -->")].splitlines()[3:]


def read_forecast_page():
    """Text of the page on the forecast, its lines joined."""
    return " ".join(PAGES["forecast.md"].read_text(encoding="utf-8").split())


def check_said(words):
    """The page on the forecast has these words."""
    assert words in read_forecast_page(), f"docs/forecast.md is written by hand; by the tables it says: {words}"


def test_the_page_on_the_forecast_says_how_often_ranges_held_as_the_tables_do():
    kept = read_table("baseline", "04_sides").set_index("level")
    wide = kept.loc[0.9].set_index("horizon_years")["above"]
    rows = [
        f"| {row.horizon_years:g} | {row.technologies:g} | {100 - row.below - row.above:.0f}% "
        f"({row.low_covered:.0f} to {row.high_covered:.0f}) | {row.below:.1f}% | {row.above:.1f}% "
        f"| {wide[row.horizon_years]:.1f}% |"
        for row in kept.loc[0.8].itertuples()
    ]
    assert read_block("sides") == rows, "\n".join(["docs/forecast.md is written by hand; its rows are now:", *rows])


def test_the_page_on_the_forecast_says_how_often_later_figures_left_an_end_as_the_data_do():
    counted = frames.odds_frame("levels off").set_index(["kind", "years"])
    for kind in ("phones by country, below 100 per 100 people", "fixed lines by country", "internet users, limit 100"):
        rows = [counted.loc[(kind, years)] for years in (1, 5, 10)]
        cells = " | ".join(f"{row['above']}; {row['below']} of {row['figures']}" for row in rows)
        check_said(f" | {cells} |")


def test_the_page_on_the_forecast_counts_the_comparison_technologies_of_the_data(references):
    count = len({series.technology for series in references})
    check_said(f"{count} technologies are {count} draws")


def test_the_page_on_the_forecast_counts_other_forecasters_as_measured():
    measured = pd.read_csv(ROOT / "benchmarks" / "peers.csv")
    others = measured[(measured["method"] != "the formula") & (measured["without_answer"] < 50)]
    better = others[others["wis_over_ours"] < 1]
    said = f"lower score than ours in {len(better)} of {len(others)} cells, {(better['high'] < 1).sum()} beyond chance"
    check_said(said)


def say_all(values):
    """Some numbers in a sentence: 83, 86 and 79."""
    *others, last = [f"{value:.0f}" for value in values]
    return f"{', '.join(others)} and {last}"


def test_the_page_on_the_forecast_has_numbers_of_the_kept_tables_in_its_sentences():
    tables = {name: read_table("baseline", name) for name in KEPT["baseline"]}
    skill = tables["04_skill"].query("method == 'forecast' and benchmark == 'straight_line' and window == 4")
    *first, last = [f"{value:.2f}" for value in skill["wis_relative"]]
    check_said(f"Today's forecast has {', '.join(first)} and {last} at these horizons")
    held_out = tables["04_held_out"].query("method == 'forecast'").set_index(["window", "horizon_years"])
    four, eight = held_out.loc[4], held_out.loc[8]
    sizes = f"of {four['technologies'].min()} to {four['technologies'].max()} of them 1, 2, 3 and 5 years ahead"
    check_said(f"80% ranges held {say_all(100 * four['coverage_80'])}% of the outcomes {sizes}")
    three, five = 100 * eight.loc[[3, 5], "coverage_80"]
    check_said(f"they held {three:.0f}% at 3 years and {five:.0f}% at 5, of {eight.loc[5, 'technologies']} tech")
    assert eight.loc[3, "technologies"] == eight.loc[5, "technologies"]
    ends = tables["04_comparison_technologies"]
    low, high = ends["last_share"].min(), ends["last_share"].max()
    years = f"of {ends['last'].min()[:4]} to {ends['last'].max()[:4]}"
    check_said(f"{low:.0f} to {high:.0f}% of their own limits at their last figures, {years}")
    goal = tables["05_forecast"].set_index("date").loc[tables["05_class"]["date"].iloc[0]]
    below = tables["05_class"]["value"].max() < goal["q0.5"]
    assert below == ("then stood below our median." in read_forecast_page())


def test_the_page_on_runs_has_each_parameter_with_its_default_and_meaning():
    assert (ROOT / "docs" / "runs.md").read_text(encoding="utf-8") == write_parameters()


def test_the_page_on_python_lists_what_packages_promise_and_all_of_it_is_there():
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert page == write_names(), "run tests/tools/data_readme.py"
    found = [importlib.import_module(package) for package in re.findall(PROMISED, page, flags=re.MULTILINE)]
    assert len(found) > 3
    assert [(module, name) for module in found for name in module.__all__ if not hasattr(module, name)] == []


def test_a_citation_names_the_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
