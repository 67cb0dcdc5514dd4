"""Measurements of the package against its targets; run with `python -m benchmarks`."""
