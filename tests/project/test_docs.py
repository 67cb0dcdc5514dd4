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
from adoption_curves.runs.parameters import Parameters
from adoption_curves.show import figures

PAGES = {path.name: path for path in (ROOT / "docs").glob("*.md")}
PAGES |= {name: ROOT / name for name in ("README.md", "data/README.md", "outputs/README.md")}


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
    headline = pd.read_csv(whole_run / "tables" / "06_key_numbers.csv")["text"][0]
    cards = pages[site / "gallery.html"].find_all("figure")
    runs = [run["run"] for run in yaml.safe_load((ROOT / "docs" / "gallery.yaml").read_text(encoding="utf-8"))["runs"]]
    assert sorted(card.a["href"] for card in cards) == sorted(f"gallery/{run}/index.html" for run in runs)
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


def read_block(name):
    """Rows of the table that stands between marks of this name on the page on the forecast."""
    page = PAGES["forecast.md"].read_text(encoding="utf-8")
    return page[page.index(f"<!-- {name} -->") : page.index(f"<!-- /{name} -->")].splitlines()[3:]


def read_forecast_page():
    """Text of the page on the forecast, its lines joined."""
    return " ".join(PAGES["forecast.md"].read_text(encoding="utf-8").split())


def check_numbers(*texts):
    """The page on the forecast has these numbers, in whatever sentence."""
    missing = [text for text in texts if text not in read_forecast_page()]
    assert missing == [], "docs/forecast.md is written by hand; by the tables it has these numbers"


def join_numbers(values, form="{:.0f}"):
    """Numbers in a sentence: 83, 86 and 79."""
    *others, last = map(form.format, values)
    return f"{', '.join(others)} and {last}"


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
    counted = curves.read_odds().set_index(["kind", "years"])
    for kind in ("phones by country, below 100 per 100 people", "fixed lines by country", "internet users, limit 100"):
        rows = [counted.loc[(kind, years)] for years in (1, 5, 10)]
        numbers = [rf"{row['above']}\D+{row['below']}\D+{row['figures']}\b" for row in rows]
        assert re.search(r"\D+".join(numbers), read_forecast_page()), (kind, rows)


def test_the_page_on_the_forecast_counts_technologies_and_other_forecasters_as_the_data_do(references):
    check_numbers(f"{len({series.technology for series in references})} technologies")
    measured = pd.read_csv(ROOT / "benchmarks" / "peers.csv")
    others = measured[(measured["method"] != "the formula") & (measured["without_answer"] < 50)]
    better = others[others["wis_over_ours"] < 1]
    check_numbers(f"{len(better)} of {len(others)} cells", f"{(better['high'] < 1).sum()} beyond chance")


def test_the_page_on_the_forecast_has_numbers_of_the_kept_tables_in_its_sentences():
    skill = read_table("baseline", "04_skill").query("method == 'forecast' and benchmark == 'straight_line'")
    check_numbers(join_numbers(skill.loc[skill["window"] == 4, "wis_relative"], "{:.2f}"))
    held_out = read_table("baseline", "04_held_out").query("method == 'forecast'")
    four, eight = (held_out[held_out["window"] == window].set_index("horizon_years") for window in (4, 8))
    check_numbers(f"{join_numbers(100 * four['coverage_80'])}%")
    check_numbers(f"{four['technologies'].min()} to {four['technologies'].max()} of them")
    three, five = 100 * eight.loc[[3, 5], "coverage_80"]
    check_numbers(f"{three:.0f}% at 3 years", f"{five:.0f}% at 5", f"{eight.loc[5, 'technologies']} tech")
    ends = read_table("baseline", "04_comparison_technologies")
    check_numbers(f"{ends['last_share'].min():.0f} to {ends['last_share'].max():.0f}% of their own limits")
    check_numbers(f"{ends['last'].min()[:4]} to {ends['last'].max()[:4]}")


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
