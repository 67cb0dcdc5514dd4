"""The notebooks of a run as steps: each is executed, unless a run has a result that was made from the same inputs.

The entry of a notebook has hashes of what it was made from: its cells, its parameters, the data, the code, the
libraries, and the inputs of the notebooks whose tables it reads. All of them are known before the first notebook runs.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.files import hash_file, write_json
from ..base.project import RECORD, RunError, count_processors, find_outputs, raise_for_links
from .failures import Attempt
from .fingerprint import choose_files, describe_series, digest, find_needs, read_declared
from .manifest import locate, new_entry, read_entries, read_entry, write_entry
from .notebook_process import execute_notebook
from .parameters import Parameters

# Largest number of other runs in outputs/ whose results are reused, the newest first.
_MOST_RUNS = 20


@dataclass(frozen=True)
class Execution:
    """Options for the execution of a run's notebooks.

    Attributes
    ----------
    forced : bool
        Execute every notebook, even if there is a result to reuse.
    slots : Semaphore
        Held while a notebook is executed; it limits how many run at the same time, over all runs of a sweep.
    strict : bool
        Fail if a user's data look damaged, see `adoption_curves.runs.check_series.raise_for_doubtful`.
    wait : bool
        Wait if another process makes the run.
    """

    forced: bool = False
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(count_processors() + 1))
    strict: bool = False
    wait: bool = False


USUAL_EXECUTION = Execution()


class Results:
    """Results of notebooks that can be reused, shared by the runs of a sweep.

    Parameters
    ----------
    folders : iterable of Path
        Folders of runs, whole or not, in the order in which they are searched.

    Attributes
    ----------
    places : mapping of str to list of Path
        Folders of runs that have a result, by the hash of what it was made from.
    making : mapping of str to Lock
        Held while a result is made, so that another run that needs the same one waits and copies it.
    """

    def __init__(self, folders: Iterable[Path]):
        self.places, self.making = defaultdict[str, list[Path]](list), defaultdict[str, threading.Lock](threading.Lock)
        self.add(folders)

    def add(self, folders: Iterable[Path]) -> None:
        """Add the results in more folders of runs, which are searched before the others."""
        for folder in reversed([*folders]):
            with suppress(OSError, RunError):  # a folder of another user, or a link, which we never follow
                raise_for_links(folder)
                for entry in read_entries(folder).values():
                    self.places[digest(entry["made_from"])].insert(0, folder)


def list_earlier(folder: Path) -> list[Path]:
    """Folders of runs whose results a run in `folder` may reuse: the runs of its sweep, then the newest in outputs/."""
    earlier, outputs = list[Path](), find_outputs()
    for place in dict.fromkeys((folder, outputs)):
        records = sorted(place.glob(f"*/{RECORD}"), key=lambda path: path.stat().st_mtime, reverse=True)
        earlier += [path.parent for path in records[: _MOST_RUNS if place == outputs else None]]
    return earlier


@dataclass(frozen=True)
class Step:
    """A notebook of a run.

    Attributes
    ----------
    source : Path
        The notebook.
    values : mapping
        Values of its parameters by name.
    needs : sequence of str
        Names of the notebooks whose tables it reads.
    made_from : mapping
        Hash of each of its inputs, by a name in words such as "the data".
    """

    source: Path
    values: Mapping[str, Any]
    needs: Sequence[str]
    made_from: Mapping[str, str]

    @property
    def name(self) -> str:
        """Name of the notebook."""
        return self.source.stem

    def run(
        self, needed: Sequence[Future[Any]], attempt: Attempt, results: Results, execution: Execution
    ) -> tuple[str, Sequence[str]]:
        """Execute the notebook in the unfinished run of an attempt, or copy its result from another run.

        Parameters
        ----------
        needed : sequence of Future
            Runs of the notebooks whose tables it reads, for which it waits.
        attempt : Attempt
        results : Results
            Results that may be copied; a new one is added.
        execution : Execution

        Returns
        -------
        str and sequence of str
            "unchanged" or the time in seconds, and the lines that the notebook wrote to its error stream.

        Raises
        ------
        NotebookFailed
            If a cell fails, or the notebook's process ends.
        """
        for each in needed:
            each.result()
        key, new = digest(self.made_from), attempt.new
        with results.making[key]:
            if not execution.forced and any(self._copy(folder, new) for folder in results.places[key]):
                return "unchanged", ()
            with execution.slots:
                began, path = time.monotonic(), f"notebooks/{self.name}.ipynb"
                locate(new, path).parent.mkdir(parents=True, exist_ok=True)
                executed, stray = execute_notebook(self.source, locate(new, path), self.values, attempt.folder)
            # A notebook that opened no study has no entry yet, and has written nothing.
            entry = (read_entry(new, self.name) or new_entry({})) | {"made_from": self.made_from}
            entry["files"][path] = executed
            write_entry(new, self.name, entry)
            results.places[key] += [new, attempt.final, attempt.folder]  # it is moved when the run ends
            return f"{time.monotonic() - began:.1f} s", stray

    def _copy(self, folder: Path, new: Path) -> bool:
        """Copy the result from another run if it was made from the same inputs and its files are unchanged."""
        with suppress(OSError, RunError):
            entry = read_entry(folder, self.name)
            files = {path: locate(folder, path) for path in entry.get("files", ())}
            same = entry.get("made_from") == self.made_from
            if not same or any(hash_file(place) != entry["files"][path] for path, place in files.items()):
                return False
            for path, place in files.items():
                locate(new, path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place, locate(new, path))
            path = f"notebooks/{self.name}.ipynb"
            entry["files"][path] = _name_run(locate(new, path), new.name)
            write_entry(new, self.name, entry)
            return True
        return False


def _name_run(copy: Path, run: str) -> str:
    """Write the name of this run into a notebook copied from another run; returns its new sha256."""
    content = json.loads(copy.read_text(encoding="utf-8"))
    values = content["metadata"]["papermill"]["parameters"]
    if "run" in values:
        old, new = f'run = "{values["run"]}"', f'run = "{run}"'
        for cell in content["cells"]:
            if "injected-parameters" in cell["metadata"].get("tags", []):
                cell["source"] = [line.replace(old, new) for line in cell["source"]]
        values["run"] = run
    return write_json(copy, content, sync=False)


def plan_steps(sources: Sequence[Path], parameters: Parameters, inputs: Mapping[str, Any]) -> list[Step]:
    """Notebooks of a run in order, each with its parameters, the notebooks that it needs, and hashes of its inputs.

    `inputs` is from `adoption_curves.runs.fingerprint.describe_inputs`.
    """
    known, steps = parameters.model_dump() | describe_series(parameters), dict[str, Step]()
    for source in sources:
        values = {name: known[name] for name in read_declared(source) if name in known}
        needs = find_needs(source, steps)
        files = choose_files(inputs["data"]["files"], values) if "data" in values else ""
        made_from = {
            "the notebook": inputs["notebooks"][source.stem],
            "its parameters": digest({name: value for name, value in values.items() if name != "run"}),
            "the helpers": digest(inputs["helpers"]),
            "the libraries": digest(inputs["versions"]),
            "the data": digest(files),
            "what it reads": digest([digest(steps[name].made_from) for name in needs]),
        }
        steps[source.stem] = Step(source, values, needs, made_from)
    return [*steps.values()]
