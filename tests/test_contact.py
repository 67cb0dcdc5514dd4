"""The contact sheet: one page without script, and no fault in any figure of any kind of series."""

import contact
import pytest
from bs4 import BeautifulSoup

from helpers.show.figures import style


def draw_small(kind, outputs):
    figure, axes = style.open_canvas()
    axes[0, 0].plot([0, 1], [0, 1])
    axes[0, 0].text(0.5, 0.5, kind)
    axes[0, 0].text(0.5, 0.5, "spoilt" * (kind == "monthly"))
    return {"01_small": style.close_canvas(figure, kind, "Units", "Source: test.")}


def test_the_sheet_is_one_page_with_its_images_and_faults(tmp_path, monkeypatch):
    monkeypatch.setattr(contact, "ROOT", tmp_path)
    monkeypatch.setattr(contact, "draw_kind", draw_small)
    assert contact.main()  # a fault is no success
    page = BeautifulSoup((tmp_path / "build" / "contact" / "index.html").read_text(), "html.parser")
    assert not page.find_all("script")
    images = page.find_all("img")
    assert len(images) == len(contact.KINDS) * len(contact.LOOKS)
    assert all(image["src"].startswith("data:image/png;base64,") for image in images)
    assert {line.text for line in page.find_all("p")} == {
        f"{look}: 'monthly' overlaps 'spoilt'" for look in contact.LOOKS
    }
    assert "8 figures of 8 kinds of series, 3 faults" in page.h1.text


@pytest.mark.slow
@pytest.mark.parametrize("kind", contact.KINDS)
def test_no_figure_of_any_kind_of_series_has_a_fault(tmp_path, kind):
    drawn = contact.draw_kind(kind, tmp_path)
    assert len(drawn) >= 6
    looks = {name: [*contact.look_at(figure)] for name, figure in drawn.items()}
    assert not [(name, look, faults) for name, seen in looks.items() for look, _, faults in seen if faults]
