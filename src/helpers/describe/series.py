"""Until `fits` has moved too: where it finds what it calls."""

from helpers.indicators.described import last_bound

__all__ = ["last_bound"]
