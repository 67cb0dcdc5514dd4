"""What the exhibits show, as tidy frames: series, growth, alignment at equal adoption and other countries."""

from helpers.describe.references import align_references, compare_countries, list_references, rank_pace
from helpers.describe.series import (
    cite_series,
    cite_sources,
    count_verdicts,
    last_bound,
    list_observations,
    list_series,
    measure_growth,
    name_series,
)
from helpers.describe.summary import SUMMARISED, list_key_numbers, state_findings

__all__ = [
    "SUMMARISED",
    "align_references",
    "cite_series",
    "cite_sources",
    "compare_countries",
    "count_verdicts",
    "last_bound",
    "list_key_numbers",
    "list_observations",
    "list_references",
    "list_series",
    "measure_growth",
    "name_series",
    "rank_pace",
    "state_findings",
]
