"""Data in, a figure or a table out: notebooks' figures, tables for reading."""
