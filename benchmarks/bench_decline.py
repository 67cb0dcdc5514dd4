"""Count how often yearly figures are called fallen: flat ones with errors of 5%, and ones that halve after a peak.

The others rise in a line from half of the peak to the peak, at each inner figure alike, and fall in a line to half of
it, with errors of 2%. A series has `DRAWS` draws, seed 0.
"""

import numpy as np

from adoption_curves.base.decline import are_in_decline

DRAWS = 20_000


def main():
    """Print a row per number of figures."""
    drawn = np.random.default_rng(0)
    print("| figures | flat, called fallen | halved after a peak, called fallen |\n|---|---|---|")
    for figures in range(3, 9):
        t = np.broadcast_to(np.arange(figures, dtype=float), (DRAWS, figures))
        peaks = drawn.integers(1, figures - 1, (DRAWS, 1))
        course = 1 - np.where(t < peaks, (peaks - t) / peaks, (t - peaks) / (figures - 1 - peaks)) / 2
        flat, halved = (1 + error * drawn.standard_normal(t.shape) for error in (0.05, 0.02))
        called = [are_in_decline(t, values).mean() for values in (flat, course * halved)]
        print(f"| {figures} | {called[0]:.1%} | {called[1]:.1%} |")


if __name__ == "__main__":
    main()
