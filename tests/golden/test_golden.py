"""The runs of golden.yaml give the tables that lie beside it: `make golden`; of one run `pytest -m golden -k baseline`.

To keep another table of a run add an empty file of its name, and renew.
"""

import os
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
from kept_runs import FOLDER, KEPT, ROOT, RUNS
from snapshots import check_table

from adoption_curves.say.run_tables import TABLES

pytestmark = [pytest.mark.golden, pytest.mark.slow]
PICTURE = ROOT / "docs" / "images" / "forecast.png"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """A folder of outputs, in which a run reuses notebooks of those before it."""
    return tmp_path_factory.mktemp("golden")


def make_run(outputs, run):
    """Folder of a run of golden.yaml, made by the command."""
    options = [word for name, value in RUNS[run].items() if name != "run" for word in ("-p", name, str(value))]
    command = [sys.executable, "-m", "adoption_curves", "run", run, *options]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "ADOPTION_OUTPUTS": str(outputs)}, check=True)
    return outputs / run


@pytest.mark.parametrize("run", RUNS)
def test_tables_are_as_kept(run, outputs, renew):
    tables, kept = make_run(outputs, run) / "tables", {path.stem for path in (FOLDER / run).glob("*.csv")}
    assert kept
    for name in sorted(kept | {*TABLES}) if run in KEPT else kept:
        check_table(FOLDER / run / f"{name}.csv", tables / f"{name}.csv", renew)


def turn_dark(picture):
    """A picture with light and dark exchanged and hues kept, as the pages of a run show it in the dark."""
    turned = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])  # hues by half a circle
    return np.clip((0.9 - 0.8 * picture[..., :3]) @ turned.T, 0, 1)


def test_the_picture_of_the_readme_is_the_baselines(outputs, renew):
    """Of the same size, and with less than 2% of ink elsewhere."""
    path = make_run(outputs, "baseline") / "figures" / "05_forecast.png"
    found = matplotlib.image.imread(path)
    if renew:
        PICTURE.write_bytes(path.read_bytes())
        matplotlib.image.imsave(PICTURE.with_suffix(".dark.png"), turn_dark(found))
    expected = matplotlib.image.imread(PICTURE)
    assert expected.shape == found.shape
    assert abs(expected - found).mean() < 0.02 * (1 - expected).mean()
