"""Three small notebooks that behave like the project's own, written by code so that tests can change them."""

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


def write_notebooks(folder, notebooks=None):
    """The three notebooks, or others, in `folder`."""
    for name, cells in (notebooks or ALL).items():
        write_notebook(folder / f"{name}.ipynb", cells)
    return folder
