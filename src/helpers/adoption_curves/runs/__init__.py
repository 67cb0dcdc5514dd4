"""Runs: their parameters, notebooks, results, manifests, pages, comparisons and sweeps.

`Study` is all that a notebook of a run sees. A run goes through ``runner`` (a whole run), ``steps`` (a notebook of it,
and the results that it may copy), ``notebook_process`` (one notebook in a process), ``engine`` (what runs in it),
``study`` (what the notebook sees and writes), ``manifest`` (``run.json``) and ``pages``. Beside them: ``parameters``
and ``check_series`` (what may be chosen), ``fingerprint`` (what a run is made from), ``table_files`` (tables as CSV),
``preload`` (what the fork server imports), ``failures`` (what a failure says and leaves), ``sweep`` (many runs),
``compare`` (several runs side by side), ``exports`` (a spreadsheet, a registered forecast), ``new_project`` (a project
of one's own).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .study import Study

__all__ = ["Study"]


def __getattr__(name: str) -> Any:
    """`Study`, imported when it is asked for: a command that finds nothing changed needs no pandas."""
    if name != "Study":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from .study import Study

    return Study
