"""Every sentence that the kept runs write, on one page to be read by a person: run this file to write it anew."""

from pathlib import Path

import golden
import pandas as pd

PATH = Path(__file__).parents[1] / "docs" / "WORDS.md"
PARTS = {"06_plain": "sentence", "06_findings": "sentence", "06_next": "sentence", "05_statements": "statement"}
PARTS |= {"06_register": "text"}
OPENING = """# What a run says

The sentences of the kept runs (`tests/golden`), one kind of series each, as `python tests/words.py` collects them. They
are here to be read: whoever changes a sentence sees it change for every kind of series. A run that differs from another
only in its parameters has the sentences that differ.
"""


def collect_words():
    """The page: a heading for each run, below it the sentences of each of its tables."""
    parts = [OPENING]
    folders = {path.parent for path in golden.RUNS.parent.glob("*/*.csv")}
    for folder in [golden.BASELINE, *sorted(folders)]:
        found = {name: folder / f"{name}.csv" for name in PARTS if (folder / f"{name}.csv").is_file()}
        parts.append(f"## {'baseline' if folder == golden.BASELINE else folder.name}\n")
        for name, path in found.items():
            sentences = pd.read_csv(path)[PARTS[name]]
            parts += [f"{name}:\n", *(f"- {sentence}" for sentence in sentences), ""] if len(sentences) else []
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(collect_words(), encoding="utf-8")
