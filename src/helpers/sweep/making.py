"""Which run goes to a worker next, from where it takes notebooks over, and what becomes of it."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from helpers.cache import digest, is_finished
from helpers.parameters import Parameters
from helpers.pipeline import find_notebooks, find_upstream, read_declared
from helpers.sweep.work import Outcome, Task

MOST_LINES = 50
"""Runs up to which each one is told by a line of its own, and lines of a larger sweep."""
FIRST_FAILURES = 10
"""Failures that are told at once in a large sweep; the others are counted."""
LATEST = 20
"""Runs from whose pace the time that is left is foretold."""
ATTEMPTS = 2
"""Workers that a run may cost."""
CHECKING = 0.2
"""Work on a run that's there already, in notebooks."""
LOOK_SECONDS = 0.1
"""Time after which a worker without a run looks again whether what the waiting runs need is there."""


class Workers(Protocol):
    """What `LocalWorkers` and `ClusterWorkers` have in common."""

    @property
    def free(self) -> int:
        """Number of workers that wait for a run."""

    def give(self, task: Task) -> None:
        """Let a free worker make a run."""

    def collect(self, seconds: float | None = None) -> list[tuple[Task, Outcome | None]]:
        """Wait for runs to end, `seconds` at the most; without an outcome where the worker died."""


class Plan:
    """The runs that are still to be made, and the notebooks that they share.

    Two runs share a notebook when its parameters, and those of the notebooks that it reads from, are the same in both.
    A run waits while another one makes a notebook that both need; then it takes it over, even if that run isn't whole.
    Those that make the most for others come first, so that no worker has nothing to do at the end.

    Attributes
    ----------
    work : dict
        Of each run, the number of notebooks that it's the first to make, and a little for the rest.
    """

    def __init__(self, runs: Sequence[Parameters], folder: Path, notebooks: Path | None):
        self.folder, self.notebooks = folder, notebooks
        self._shares = _list_shares(runs, notebooks)
        self._made: dict[str, str] = {}
        self._claimed: dict[str, set[str]] = {}
        for run in runs:  # of an earlier sweep into this folder
            if (folder / run.run / "run.json").exists():
                self._note(run.run)
        self.work = self._count_work(runs)
        self.waiting = {run.run: run for run in sorted(runs, key=lambda run: -self.work[run.run])}

    def choose(self, free: int) -> list[Task]:
        """Tasks for `free` workers; what they leave free, they use for several notebooks at once."""
        for begun in self._claimed:
            self._note(begun)
        taken = set[str]().union(*self._claimed.values()) - self._made.keys()
        chosen: list[Parameters] = []
        for run in self.waiting.values():
            if len(chosen) == free:
                break
            needed = set(self._shares[run.run].values()) - self._made.keys()
            if taken.isdisjoint(needed):
                self._claimed[run.run] = needed
                taken |= needed
                chosen.append(run)
        for run in chosen:
            del self.waiting[run.run]
        at_once = max(1, free // len(chosen)) if chosen else 1
        return [self._describe(run, at_once) for run in chosen]

    def _describe(self, run: Parameters, at_once: int) -> Task:
        owners = dict.fromkeys(self._made[share] for share in self._shares[run.run].values() if share in self._made)
        places = tuple(place for owner in owners for place in self._find_places(owner))
        return Task(run.model_dump(), self.folder, places, at_once, self.notebooks)

    def _count_work(self, runs: Sequence[Parameters]) -> dict[str, float]:
        seen, work = set(self._made), dict[str, float]()
        for run in runs:
            needed = set(self._shares[run.run].values()) - seen
            work[run.run] = len(needed) + CHECKING
            seen |= needed
        return work

    def finish(self, run: str) -> None:
        """A run has ended: what it has made, whole or not, is there for the others."""
        self._note(run)
        del self._claimed[run]

    def try_again(self, run: Parameters) -> None:
        """A run's worker died: it goes to another one."""
        del self._claimed[run.run]
        self.waiting = {run.run: run, **self.waiting}

    def _find_places(self, run: str) -> list[Path]:
        """Where the notebooks of a run lie: those of attempts that are being made or failed, and the whole run's."""
        return [*sorted((self.folder / f"{run}.partial").glob(f"*/{run}")), self.folder / run]

    def _note(self, run: str) -> None:
        places = self._find_places(run)
        for notebook, share in self._shares[run].items():
            if share not in self._made and any(is_finished(place, notebook) for place in places):
                self._made[share] = run


def _list_shares(runs: Sequence[Parameters], notebooks: Path | None) -> dict[str, dict[str, str]]:
    """For each run and notebook, a digest of the parameters that the notebook's results come from."""
    sources = find_notebooks(notebooks)
    declared = {source.stem: set(read_declared(source)) - {"run"} for source in sources}
    upstream = {source.stem: find_upstream(source, sources[:place]) for place, source in enumerate(sources)}
    shares: dict[str, dict[str, str]] = {}
    for run in runs:
        found: dict[str, str] = {}
        for name, names in declared.items():
            values = run.model_dump(include=names)
            found[name] = digest([name, values, [found[other] for other in upstream[name]]])
        shares[run.run] = found
    return shares


def make_runs(
    runs: Sequence[Parameters],
    folder: Path,
    workers: Workers,
    notebooks: Path | None = None,
) -> dict[str, str]:
    """Make all runs, and tell of each one when it has ended.

    Returns
    -------
    dict
        Message of each run that failed.
    """
    plan = Plan(runs, folder, notebooks)
    by_name, lost, failed = {run.run: run for run in runs}, dict.fromkeys([run.run for run in runs], 0), {}
    running, progress = 0, Progress(plan.work)
    with tqdm(total=len(runs), unit="run", disable=not sys.stderr.isatty(), leave=False) as bar:
        while plan.waiting or running:
            for task in plan.choose(workers.free):
                workers.give(task)
                running += 1
            idle = bool(plan.waiting and workers.free)  # runs wait for notebooks that others make
            for task, outcome in workers.collect(LOOK_SECONDS if idle else None):
                running -= 1
                lost[task.run] += outcome is None
                if outcome is None and lost[task.run] < ATTEMPTS:
                    plan.try_again(by_name[task.run])
                    continue
                plan.finish(task.run)
                told = outcome or Outcome(task.run, 0.0, f"The worker that made the run died, {ATTEMPTS} times.")
                if told.message:
                    failed[task.run] = told.message
                line = progress.note(told)
                if line:
                    bar.write(line, file=sys.stdout)
                    sys.stdout.flush()
                bar.set_postfix_str(f"{len(failed)} failed" if failed else "", refresh=False)
                bar.update()
    return failed


@dataclass
class Progress:
    """What is told of a sweep while it's made: a line a run in a small one, some fifty lines in all in a large one.

    Attributes
    ----------
    work : mapping
        Of each run, in notebooks: runs that make more than others don't mislead about the time that's left.
    """

    work: Mapping[str, float]
    finished: int = 0
    failed: int = 0
    _done: float = 0.0
    _ends: deque[tuple[float, float]] = field(
        default_factory=lambda: deque([(time.monotonic(), 0.0)], maxlen=LATEST + 1)
    )

    def note(self, outcome: Outcome) -> str:
        """A run has ended: the line to tell, or an empty one."""
        count = len(self.work)
        self.finished += 1
        self.failed += bool(outcome.message)
        self._done += self.work[outcome.run]
        self._ends.append((time.monotonic(), self._done))
        each = count <= MOST_LINES
        told = each or self.finished == count or self.finished % -(-count // MOST_LINES) == 0
        if not told and not (outcome.message and self.failed <= FIRST_FAILURES):
            return ""
        what = f"failed: {outcome.message.splitlines()[0]}" if outcome.message else f"{outcome.seconds:.1f} s"
        so_far = f"  {self.failed} failed" if self.failed and not each else ""
        rest = f"  ({say_time(self._find_left())} left)" if self.finished < count else ""
        return f"{self.finished}/{count} {outcome.run}  {what}{so_far}{rest}"

    def _find_left(self) -> float:
        """Seconds that are left, from the latest runs' pace."""
        (began, before), (ended, after) = self._ends[0], self._ends[-1]
        return (sum(self.work.values()) - self._done) * (ended - began) / (after - before)


def say_time(seconds: float) -> str:
    """A duration in words.

    >>> say_time(42), say_time(150), say_time(9000)
    ('about 42 s', 'about 2 min', 'about 2.5 h')
    """
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
