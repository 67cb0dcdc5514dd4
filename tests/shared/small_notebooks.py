"""Small notebooks that behave like the project's own, three for a run and three for a sweep, for tests to change."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CHECK = [
    "# 1. What is there?\n\nHow *long* is the series, and how sound?",
    {"run": "baseline", "entity": "China", "indicator": "genai_users", "data": "data", "as_of": ""},
    "## Open the run\n\nThe logistic curve is $K / (1 + e^{-r(t-m)})$ and\n\n$$\\int_0^1 x\\,dx = \\frac{1}{2}.$$",
    """from adoption_curves.runs import Study

results = Study("01_check_small")
series = results.data.series(entity, indicator)""",
    "## Count the figures <b>here</b>",
    """frame = series.values.rename("value").reset_index()
results.keep("01_coverage", frame)
frame.assign(note="<script>alert(1)</script>")""",
    """from matplotlib import pyplot

figure, axes = pyplot.subplots(figsize=(6, 3))
axes.plot(frame["date"], frame["value"], marker="o")
results.draw("01_series", figure, alt='Users, a < b & "c"')""",
]
FORECAST = [
    "# 5. Where could it go?",
    {"run": "baseline", "entity": "China", "indicator": "genai_users", "horizon_years": 5},
    "## Read what was checked",
    """from adoption_curves.runs import Study

results = Study("05_forecast_small", reads=["01"])
frame = results.read_table("01_coverage")""",
    "## Draw it",
    """from matplotlib import pyplot

figure, axes = pyplot.subplots(figsize=(7, 3.5))
axes.plot(frame["date"], frame["value"], marker="o")
axes.set_title(f"Users, and {horizon_years} years on")
results.keep("05_forecast", frame)
results.draw("05_forecast", figure, alt="Users by date, rising")""",
]
SUMMARY = [
    "# 6. What was found",
    {"run": "baseline", "entity": "China"},
    "## Write the key numbers",
    """import pandas as pd
from IPython.display import Markdown
from adoption_curves.runs import Study

results = Study("06_summarise_small", reads=["05"])
last = results.read_table("05_forecast")["value"].iloc[-1]
columns = ["key", "label", "value", "low", "high", "unit", "text"]
rows = [
    ("latest", "Users, <i>last survey</i>", last, None, None, "million people", f"{last:g} million people"),
    ("in_2030", "Users at the end of 2030", 801.3, 650.0, 1002.5, "million people", "801 million people"),
    ("half", "Half of the base", None, None, None, "", "not within the horizon"),
]
results.keep("06_key_numbers", pd.DataFrame(rows, columns=columns))
sentences = [f"{entity} had {last:g} M.", "The ceiling is <b>not</b> identified."]
results.keep("06_findings", pd.DataFrame({"part": ["deck", "caution"], "sentence": sentences}))
Markdown("Data are *text*: <img src=x onerror=alert(1)> and [link](javascript:alert(1))")""",
]
ALL = {"01_check_small": CHECK, "05_forecast_small": FORECAST, "06_summarise_small": SUMMARY}
_SHARED = [
    "# 1. Shared",
    {"run": "baseline", "entity": "China", "data": "data"},
    "## Draw a number",
    """import os
import pandas as pd
from adoption_curves.runs import Study

study = Study("01_shared")
study.keep("01_drawn", pd.DataFrame({"drawn": [os.urandom(8).hex()]}))""",
]
_VARIED = [
    "# 5. Forecast",
    {"run": "baseline", "shares": [0.5], "horizon_years": 1},
    "## Fail or wait",
    """import os, pathlib, time
import pandas as pd
from adoption_curves.runs import Study

notes = pathlib.Path(NOTES)
study = Study("05_forecast")
with (notes / "made.txt").open("a") as file:
    file.write(f"{horizon_years}\\n")
assert horizon_years != 13 or (notes / "mended").exists(), "thirteen"
if horizon_years == 30:
    (notes / "waiting").write_text(str(os.getpid()))
    time.sleep(60)""",
    "## Write the forecast",
    """dates = pd.date_range("2026-06-30", periods=2, freq="6ME")
median = 600.0 + horizon_years
frame = pd.DataFrame({"date": dates, "q0.1": 500.0, "q0.5": median, "q0.9": 700.0})
study.keep("05_forecast", frame.assign(unit="million people"))""",
]
_LAST = [
    "# 6. Summary",
    {"run": "baseline", "entity": "China"},
    "## Write the key numbers",
    """import pandas as pd
from adoption_curves.runs import Study
study = Study("06_summary", reads=["05"])
last = study.read_table("05_forecast").iloc[-1]
row = {"key": "last", "label": "Last", "value": last["q0.5"], "low": last["q0.1"], "high": last["q0.9"]}
study.keep("06_key_numbers", pd.DataFrame([{**row, "unit": last["unit"], "text": "<b>"}]))""",
]
SWEPT = {"01_shared": _SHARED, "05_forecast": _VARIED, "06_summary": _LAST}
"""Of which a sweep shares the first; the second notes beside its folder what it made, fails at 13 and waits at 30."""


def write_notebook(path, cells):
    """A notebook from texts (Markdown and code in turn by their look) and one dict, its parameters."""
    made = []
    for cell in cells:
        if isinstance(cell, dict):
            source = "\n".join(f"{name} = {value!r}  # a parameter" for name, value in cell.items())
            made.append(new_code_cell(source, metadata={"tags": ["parameters"]}))
        elif cell.startswith(("#", "$")):
            made.append(new_markdown_cell(cell))
        else:
            made.append(new_code_cell(cell))
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made, metadata=metadata), path)
    return path


def write_notebooks(folder, notebooks=ALL):
    """The three notebooks, or others, in `folder`."""
    for name, cells in notebooks.items():
        told = [cell.replace("NOTES", repr(str(folder.parent))) if isinstance(cell, str) else cell for cell in cells]
        write_notebook(folder / f"{name}.ipynb", told)
    return folder
