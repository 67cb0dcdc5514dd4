"""A comparison of runs, and the summary of a sweep over countries, of finished runs that no notebook had to make."""

from adoption_curves.base.files import write_file, write_json
from adoption_curves.base.folders import lock_folder
from adoption_curves.runs.comparison import compare_runs
from adoption_curves.runs.parameters import Parameters
from adoption_curves.runs.sweep import Sweep, write_summary

COUNTRIES = ["China", "Korea (Democratic People's Republic of)", "Saint Vincent and the Grenadines"]


def finish(outputs, name, median, **values):
    """A finished run, with a page to lead to."""
    from test_compare import make

    make(outputs, name, median=median, **values)
    write_file(outputs / name / "html" / "index.html", b"")


def make_comparison(outputs):
    """Folder of a comparison of five runs with long names."""
    names = [f"grid/horizon_years-{years}_shares-0.5-0.75-0.9" for years in range(1, 6)]
    for place, name in enumerate(names):
        finish(outputs, name, 800.0 + 10 * place, horizon_years=1 + place)
    return compare_runs(names)


def make_sweep(outputs):
    """Folder of a sweep over countries and horizons, one run of which failed."""
    runs = []
    for place, entity in enumerate(COUNTRIES):
        for years in (3, 5):
            run = f"entity-{entity.split(' ')[0]}_horizon_years-{years}"
            runs.append(Parameters(run=run, entity=entity, horizon_years=years))
            finish(outputs, f"grid/{run}", 700.0 + 9 * place + years, entity=entity, horizon_years=years)
    write_json(outputs / "grid" / "sweep.json", {"failed": {runs[-1].run: "No such series"}})
    (outputs / "grid" / runs[-1].run / "run.json").unlink()
    with lock_folder(outputs / "grid") as shop:
        write_summary(Sweep("grid", "grid.yaml", runs, ("entity", "horizon_years")), outputs / "grid", shop)
    return outputs / "grid"
