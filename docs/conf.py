"""The site: `make docs` builds it into docs/_build/html from these pages, the docstrings and the default run."""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "Adoption Curves"
version = release = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_nb", "run"]
exclude_patterns = ["_build", "_ext"]
suppress_warnings = ["misc.highlighting_failure"]  # csv is shown as it is

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks are those of the run
nb_render_markdown_format = "myst"
nb_merge_streams = True

default_role = "code"  # in docstrings a name stands between single backticks
autodoc_default_options = {"members": True, "no-value": True}
autodoc_typehints = "none"  # the sections of the docstrings say more
numpydoc_show_class_members = False

html_theme = "furo"
html_title = f"Adoption Curves {version}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["try.html"]
html_use_index = html_domain_indices = False  # the search finds names
html_show_sphinx = False
html_show_copyright = False  # the licence stands on the page that says how to cite
html_copy_source = False
html_show_search_summary = False  # it would fetch each page, which no browser does for files
html_show_sourcelink = False
highlight_language = "none"
