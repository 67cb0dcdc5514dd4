"""Forecasts on record: registered before their outcome is known, kept as files that others can score.

A record is a hub, a folder in the form of the hubverse. ``hub`` reads and writes its files, ``register`` makes the rows
of a forecast and of the baselines beside it, ``outcomes`` sets them beside what was published.
"""
