"""Adoption curves: how fast a technology spreads, and how sure anyone can be of where it goes.

Modules and allowed imports (imports go one way, down this list; a test draws the graph and fails on a circle):

- `wording`, `quoting`, `dates`, `choices`: words for numbers of things, quotes of what others wrote, dates as decimal
  years, how a file is to be read.
- `levels`: levels of intervals.
- `project`: the project's folders, and what every command needs of the system.
- `files`, `folders`: files that are written whole, and folders that are locked and replaced whole.
- `indicators`: load and check tables, select a series with its bound and breaks; own files, coverage, claims.
- `curves`: one class a family; engine, likelihoods, results, profiles, many series at once.
- `forecast`: windows, methods, bands, backtest, statements, the `Forecast`; built on `curves` and `indicators`.
- `findings`: the finding and the key numbers, written from the tables of a run.
- `figures`, `tables`: data in, a Figure or a table out.
- `plain`: the headline and the finding in plain words.
- `parameters`, `options`: the one typed list of a run's parameters, and how they are typed at a prompt.
- `runs`: what makes runs; the notebook alone joins it with what is above. Nothing above knows how runs are made.
- `fetch`: newer figures of the World Bank into a data folder; never part of a run.
- `fetch_surveys`: the same of Eurostat and of the US survey of firms.
- `lab`: notebooks that people make and change in JupyterLab.
- `explore`: the interactive panel's frames and figures.
- `explore_panel`: its widgets.
- `commands`: the commands that make no run.
- `__main__`: the command line.
"""
