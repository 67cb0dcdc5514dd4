"""What the first cell of a notebook does with its parameters, which `conftest.open_as` gives."""

from adoption_curves.runs import Study

study = Study(notebook, earlier)  # noqa: F821
