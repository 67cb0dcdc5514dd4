"""What several test files share: a run of small notebooks, and a run of the project's own on the sample data."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_notebooks import write_notebooks

from helpers import pipeline
from helpers.parameters import read_parameters
from helpers.project import RunError, hold_folder

SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """Folder of a run of the small notebooks on the sample data, made whole by the pipeline."""
    place = tmp_path_factory.mktemp("small")
    notebooks = write_notebooks(place / "notebooks")
    parameters = read_parameters({"run": "small", "data": str(SAMPLE), "horizon_years": 3})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADOPTION_OUTPUTS", str(place / "outputs"))
        return pipeline.run_all(parameters, notebooks)


def run_sequence(outputs, name, *options, data=SAMPLE):
    """Run all notebooks through the command, as a person would, from a folder that is not the project's."""
    command = [sys.executable, "-m", "helpers", "run", name, "-p", "data", str(data), *options]
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(outputs)}
    done = subprocess.run(command, env=environment, cwd=outputs, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(outputs) / name


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory, request):
    """Folder of a run of the project's notebooks on the sample data: the first worker makes it, others wait for it."""
    place = tmp_path_factory.getbasetemp()
    outputs = (place.parent if hasattr(request.config, "workerinput") else place) / "whole"
    outputs.mkdir(exist_ok=True)
    folder = outputs / "small"
    while not folder.exists():
        try:
            with hold_folder(outputs / "whole"):
                if not folder.exists():
                    run_sequence(outputs, "small")
        except RunError:  # another worker is at it
            time.sleep(0.2)
    return folder
