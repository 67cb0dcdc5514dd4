"""Making the notebooks of a run: each one taken over or executed once those that it reads from are there.

The only module that knows doit, which orders the notebooks and runs some at once. What it would remember between runs
is kept by the notebooks' own records instead (`helpers.cache`), so that a run's folder can't disagree with it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.cache import explain_change, find_made, finish_record, take_over
from helpers.execution import Limits, execute_notebook
from helpers.kernels import NotebookKernelManager, stop_kernels


@dataclass(frozen=True)
class Step:
    """A notebook to make: its source, parameters, what it's made from, and the notebooks whose tables it reads."""

    source: Path
    values: Mapping[str, Any]
    basis: Mapping[str, str]
    upstream: Sequence[str]

    @property
    def name(self) -> str:
        """The notebook's name."""
        return self.source.stem


@dataclass
class Making:
    """One attempt at a run.

    Attributes
    ----------
    folder : Path
        Where the attempt is made.
    steps : sequence of Step
        The notebooks in their order.
    origins : sequence of Path
        Folders of runs and attempts whose notebooks may be taken over; the first is the run as it stands.
    forced : set of str
        Names of the notebooks that are executed whatever there is to take over.
    kernels : type
        From `helpers.kernels.choose_kernels`.
    limits : Limits
    done : callable
        Called with the name of each notebook that's made.
    """

    folder: Path
    steps: Sequence[Step]
    origins: Sequence[Path]
    forced: set[str]
    kernels: type[NotebookKernelManager]
    limits: Limits
    done: Callable[[str], None] = lambda name: None
    _finished: int = 0
    _running: int = 0
    _failures: list[Exception] = field(default_factory=list)
    _change: threading.Condition = field(default_factory=threading.Condition)

    def make_all(self, at_once: int) -> None:
        """Make all notebooks, `at_once` of them at the same time, and end with the first failure.

        Raises
        ------
        helpers.execution.NotebookFailed
            When no notebook runs any more.
        """
        try:
            _run_tasks([self._describe_task(step) for step in self._sort_steps()], at_once)
        except BaseException:
            stop_kernels(self.kernels)
            with self._change:
                self._change.wait_for(lambda: not self._running, timeout=5)
            raise
        if self._failures:
            raise self._failures[0]

    def _sort_steps(self) -> list[Step]:
        """Those first that most others wait for."""
        waiting = Counter(name for step in self.steps for name in step.upstream)
        return sorted(self.steps, key=lambda step: -waiting[step.name])

    def _describe_task(self, step: Step) -> dict[str, Any]:
        return {
            "name": step.name,
            "actions": [(self._execute, [step])],
            "uptodate": [(self._take, [step])],
            "task_dep": list(step.upstream),
            "io": {"capture": False},
        }

    def _take(self, step: Step) -> bool:
        """Take a notebook over if it has been made from the same before."""
        if step.name in self.forced:
            return False
        origins = iter(self.origins)
        try:
            while True:
                with suppress(FileNotFoundError):  # a run of a sweep, just put in place: the next origin is that place
                    origin = find_made(step.name, step.basis, self.folder, origins)
                    if origin:
                        take_over(step.name, origin, self.folder)
                        self._tell(step, "unchanged")
                    return origin is not None
        except Exception as error:  # noqa: BLE001  raised again where the run is told
            self._failures.append(error)
            return False

    def _execute(self, step: Step) -> bool:
        if self._failures:
            return False
        started = time.monotonic()
        with self._change:
            self._running += 1
        try:
            target = self.folder / "notebooks" / step.source.name
            execute_notebook(step.source, target, step.values, self.kernels, self.limits)
            finish_record(self.folder, step.name, step.basis)
            changed = explain_change(step.name, step.basis, self.folder, self.origins[0])
            because = f" ({changed})" if changed and step.name not in self.forced else ""
            self._tell(step, f"{time.monotonic() - started:.1f} s{because}")
        except Exception as error:  # noqa: BLE001  raised again where the run is told
            self._failures.append(error)
            return False
        finally:
            with self._change:
                self._running -= 1
                self._change.notify_all()
        return True

    def _tell(self, step: Step, words: str) -> None:
        self.done(step.name)
        with self._change:
            self._finished += 1
            print(f"{self._finished}/{len(self.steps)} {step.name}  {words}", flush=True)


def _run_tasks(tasks: Sequence[Mapping[str, Any]], at_once: int) -> None:
    """Let doit run `tasks` in threads; a failed one keeps those from starting that haven't started."""
    from doit.cmd_base import TaskLoader2
    from doit.cmd_run import Run
    from doit.task import dict_to_task

    class Loader(TaskLoader2):
        def setup(self, opt_values: Any) -> None:
            pass

        def load_doit_config(self) -> dict[str, Any]:
            state = {"backend": "sqlite3", "dep_file": ":memory:"}
            return {**state, "reporter": "zero", "num_process": at_once, "par_type": "thread", "verbosity": 0}

        def load_tasks(self, cmd: Any, pos_args: Any) -> list[Any]:
            return [dict_to_task(dict(task)) for task in tasks]

    Run(task_loader=Loader()).parse_execute([])
