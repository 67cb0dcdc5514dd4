"""Measurements of the package against its targets; run with `make bench`."""
