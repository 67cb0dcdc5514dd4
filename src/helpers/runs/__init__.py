"""Runs: their parameters, notebooks, results, records, pages, comparisons and sweeps.

`Study` is all that a notebook of a run sees. The parts: ``parameters``,
``kernel_app`` (what a kernel is), ``kernels`` (how it starts), ``notebook`` (its record and tables), ``output`` (what
it writes), ``study`` (its view of its run), ``execute`` (one notebook), ``store`` (results by what they were made
from), ``inputs`` (what a run is made from), ``sequence`` (which notebooks there are, and what each reads), ``record``
(``run.json``), ``pages``, ``pipeline`` (a whole run), ``reproduction`` (tables
against tables), ``finished`` (what a notebook sees of finished runs) and ``comparison`` (which it compares),
``sweep_file`` and ``sweep`` (many runs: what the file asks for, how they are made, and what they come to),
``lab`` and ``explore`` (by hand).
"""

from .output import SavedFigure
from .study import Study

__all__ = ["SavedFigure", "Study"]
