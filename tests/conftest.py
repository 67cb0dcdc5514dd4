"""What several test files share: one whole run of small notebooks, made once."""

from pathlib import Path

import pytest
from small_notebooks import write_notebooks

from helpers import pipeline
from helpers.parameters import read_parameters

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
