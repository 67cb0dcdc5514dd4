"""Adoption curves: how fast a technology spreads, and how sure anyone can be of where it goes.

Rooms, and who may call whom (imports go one way, down):

- `indicators` loads, validates and selects observations, the project's or one's own, and checks the claims; imports
  project (for the data that stand beside one's own).
- `projection` is the least-squares engine for many series at once; imports nothing of ours.
- `curves` holds the families, the Model and Results classes, intervals and identification; imports projection.
- `forecast` holds priors, the combination, bands, milestones and statements; imports curves and indicators.
- `backtest` holds rolling origins and scores; imports forecast and curves.
- `describe` turns fits and forecasts into the frames that exhibits show; imports curves, forecast and indicators.
- `findings` writes the findings and the key numbers from a run's tables; imports nothing of ours but words and levels.
- `figures` and `tables` hold one function per exhibit: a frame in, a Figure or a table out. The `picture` of `curves`
  and of `forecast` imports them only when a fit or a forecast is asked to draw itself.
- `wording` sets the words for numbers of things; imports nothing of ours, and anything may import it.
- `levels` says which quantiles end a band, and which band sentences quote; imports nothing of ours, and anything may
  import it.
- `quoting` quotes in messages what others wrote; imports nothing of ours, and anything may import it.
- `project` finds the project's folders and writes files whole; `parameters` is the one typed list of parameters.
- `run` is a notebook's view of its run: reading and writing tables and figures; imports project and parameters.
- `record` describes a run in run.json, and tells what isn't as described; imports run, project and parameters.
- `kernels` starts one isolated kernel a notebook; `fork_server` has it forked, where that's possible, by the program
  `forking`, which has done in `rehearsal` what every notebook does first.
- `execution` executes a notebook, the only module that knows papermill; imports kernels and project.
- `cache` knows what a notebook was made from, and takes over what was made from the same; imports run and execution.
- `making` makes the notebooks of a run in order, the only module that knows doit; imports cache and execution.
- `report` writes HTML, the only module that knows nbconvert; imports run.
- `pipeline` makes a whole run; imports making, record, report and indicators.
- `compare` sets finished runs side by side; imports figures, report and run.
- `sweep` makes many runs, with local workers or on a Dask cluster, the only module that knows Dask (beside the client
  that mass fits take); imports pipeline and compare.
- `lab` writes what people make in JupyterLab, copies of notebooks and saved choices; imports pipeline and execution.
- `explore` shows one series that a person can move, the only module that knows ipywidgets; imports lab, findings,
  figures, tables, forecast.
- `fetch` writes figures of the World Bank into a data folder, the only module that knows wbgapi and never part of a
  run; imports indicators and project.
- `options` reads parameters as they are typed; `__main__` is the command line.
"""
