"""A project of one's own: what it begins with, and that git sees what changed and nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ipykernel.ipkernel import IPythonKernel
from processes import call, run

from helpers.base.project import MARK, UserError, find_root
from helpers.runs.begin import KEPT, SAVED, begin_project
from helpers.runs.lab import prepare_copy
from helpers.runs.sequence import find_notebooks

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="no git on this machine")


@pytest.fixture
def project(here, tmp_path, monkeypatch):
    """A new project, begun from one of the small notebooks, in which the commands of this process stand."""
    folder = begin_project(tmp_path / "my own")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(folder / "outputs"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # of git's filter
    return folder


def git(*words, cwd):
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(["git", *identity, *words], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def set_filter(folder):
    """What the README of a project asks for, once in each clone."""
    [commands] = re.findall(r"```sh\npip install nbstripout\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    subprocess.run(["sh", "-e"], input=commands, text=True, cwd=folder, check=True, capture_output=True)


def clone_committed(project, folder):
    """A clone of the project, which is committed."""
    git("init", cwd=project)
    set_filter(project)
    git("add", ".", cwd=project)
    git("commit", "-m", "Begin", cwd=project)
    git("clone", project, folder, cwd=project)
    set_filter(folder)
    return folder


def test_a_new_project_says_what_it_is_and_how_it_is_cited(project):
    assert {path.name for path in project.iterdir()} == {
        *("data", "notebooks", MARK, ".gitignore", ".gitattributes", "README.md", "CITATION.cff")
    }
    citation = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["cff-version"], citation["title"]) == ("1.2.0", "my own")
    assert all(citation[key] for key in ("message", "authors", "date-released"))
    assert citation["references"][0]["title"] == "Adoption Curves"
    assert "{" not in (project / "README.md").read_text(encoding="utf-8")


def test_what_is_there_is_left_alone(project):
    with pytest.raises(UserError, match="is there already, and not empty"):
        begin_project(project)


def test_a_committed_cloned_and_run_project_is_not_changed(project, tmp_path):
    clone = clone_committed(project, tmp_path / "clone")
    code, _, err = run(clone, "run", "small", "-p", "horizon_years", "3", "-p", "data", str(clone / "data"))
    assert code == 0, err
    assert (clone / "outputs" / "small" / "html" / "index.html").is_file()
    assert git("status", "--porcelain", cwd=clone) == ""
    assert json.loads((clone / "outputs" / "small" / "run.json").read_text())["git"]["changed"] is False


def test_an_opened_or_executed_notebook_is_not_changed_for_git(project, tmp_path):
    clone = clone_committed(project, tmp_path / "clone")
    [path, *_] = find_notebooks(clone / "notebooks")
    content = json.loads(path.read_text())
    language = {**IPythonKernel.language_info, "version": "3.99.1"}  # as JupyterLab completes it, of another machine
    content["metadata"]["language_info"] = language
    content["metadata"]["papermill"] = {"parameters": {}}
    cell = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
    cell |= {"execution_count": 3, "outputs": [{"output_type": "stream", "name": "stdout", "text": ["x"]}]}
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    assert git("diff", cwd=clone) == ""
    git("add", "--update", cwd=clone)
    assert git("status", "--porcelain", cwd=clone) == ""
    cell["source"] = ["x = 1"]
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    assert "x = 1" in git("diff", cwd=clone)


def test_a_copy_that_git_does_not_see_says_where_to_keep_it(project, capsys):
    words = ["open", "05", "--prepare-only"]
    assert call(capsys, *words)[1].splitlines() == ["Your copy: outputs/lab/05_forecast_small.ipynb"], "not in git"
    git("init", cwd=project)
    told = call(capsys, *words)[1].splitlines()[1]
    kept = f"{KEPT}/05_forecast_small.ipynb"
    assert told == f"git does not see it there. To keep it, save it as {kept}: a copy there is no part of a run."
    (project / KEPT).mkdir()
    shutil.move(project / "outputs" / "lab" / "05_forecast_small.ipynb", project / kept)
    assert kept in git("ls-files", "--others", "--exclude-standard", cwd=project).splitlines()
    assert project / kept not in find_notebooks(project / "notebooks")
    (project / ".gitignore").write_text("")
    assert len(call(capsys, *words)[1].splitlines()) == 1, "git sees it"


def test_a_copy_names_the_kernel_as_jupyterlab_does(project):
    """That JupyterLab then changes nothing is seen in tests/test_jupyterlab.py."""
    metadata = json.loads(prepare_copy("05", {}).read_text())["metadata"]
    assert metadata["kernelspec"]["display_name"] == "Python 3 (ipykernel)"
    assert metadata["language_info"] == json.loads(json.dumps(IPythonKernel.language_info))


def test_the_filter_leaves_the_projects_own_notebooks_as_they_are(project, monkeypatch):
    """So they are unchanged for git in a clone that was committed without it; those of a new project too."""
    own = [*find_notebooks(project / "notebooks")]
    monkeypatch.undo()
    for path in (*own, *find_root().glob("notebooks/*.ipynb")):
        command = [sys.executable, "-m", "nbstripout", "--keep-id", "--extra-keys", " ".join(SAVED)]
        done = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True)
        assert done.stdout == path.read_bytes(), path
