"""Adoption curves: how fast a technology spreads, and how sure anyone can be of where it goes.

Each of its rooms imports only rooms that stand before it in this list, lazy imports included, but for the doors that
its contract names (`Results.plot`, `Forecast.plot`, `Forecast.statements` and their like); `make check` holds them to
it:

- ``base``: dates, levels, files and folders, numbers and words, quotes of what others wrote.
- ``indicators``: load and check tables, own files, select a series with its bound and breaks; newer figures from their
  publishers.
- ``curves``: one class a family; likelihoods, search, profiles, the verdict on a ceiling.
- ``forecast``: windows, members, bands, paths, the `Forecast`; backtest and record.
- ``say``: findings, plain words and statements, from the tables of a run.
- ``show``: figures, tables, the panel.
- ``runs``: parameters, notebooks, store, kernels, records, pages, exports, sweeps.
- ``cli``: the commands.
"""
