"""Dates, levels, files, folders, numbers and text for all other subpackages; imports none of them."""
