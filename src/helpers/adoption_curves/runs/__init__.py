"""Runs: their parameters, notebooks, results, records, pages, comparisons and sweeps.

`Study` is all that a notebook of a run sees. A run goes through ``runner`` (what is made from what, the store, a whole
run), ``notebook_process`` (one notebook), ``study`` (what the notebook sees and writes), ``record`` (``run.json``) and
``pages``. Beside them: ``parameters`` and ``check_run`` (what may be chosen), ``ingredients`` (what a run is made
from), ``table_files`` (tables as CSV), ``preload`` (what the fork server imports), ``sweep_file`` and ``sweep`` (many
runs), ``comparison`` (runs side by side), ``exports``, ``register_run`` (a run's forecast goes on the register),
``lab`` (by hand, and a project of one's own).
"""

from .study import SavedFigure, Study

__all__ = ["SavedFigure", "Study"]
