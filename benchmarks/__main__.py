"""Run every bench_*.py of this folder, or those named on the command line, and print their tables as Markdown.

The tables of benchmarks/RESULTS.md and docs/forecast.md are these.
"""

import importlib
import sys
from pathlib import Path


def main(names):
    """Run the benchmarks one after another."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    for name in found:
        if not names or name.removeprefix("bench_") in names:
            print(f"\n## {name.removeprefix('bench_').replace('_', ' ')}\n", flush=True)
            importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
