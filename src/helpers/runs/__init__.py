"""Runs: their parameters, notebooks, results, records, pages, comparisons and sweeps.

`Study` is all that a notebook of a run sees. The parts: ``parameters``, ``notebook`` (its record and tables),
``output`` (what it writes), ``study`` (its view of its run), ``inputs`` (what a run is made from), ``sequence`` (which
notebooks there are, and what each reads), ``notebook_process`` (one notebook), ``runner`` (a whole run, and the store),
``record`` (``run.json``), ``pages``, ``reproduction`` (tables against tables), ``finished`` (what a notebook sees of
finished runs) and ``comparison`` (which it compares), ``sweep_file`` and ``sweep`` (many runs: what the file asks for,
how they are made, and what they come to), ``lab`` and ``explore`` (by hand).
"""

from .study import SavedFigure, Study

__all__ = ["SavedFigure", "Study"]
