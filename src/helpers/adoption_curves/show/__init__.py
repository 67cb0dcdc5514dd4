"""Data in, a chart or a table out: notebooks' charts, tables for reading."""
