"""The contact sheet's figures of other kinds of series have no fault."""

import contact
import pytest


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one figure", "monthly", "no limit"])
def test_no_figure_has_a_fault(tmp_path, kind):
    drawn = contact.draw_kind(kind, tmp_path)
    assert len(drawn) >= 6
    looks = {name: [*contact.look_at(figure)] for name, figure in drawn.items()}
    assert not [(name, look, faults) for name, seen in looks.items() for look, _, faults in seen if faults]
