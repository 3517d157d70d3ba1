"""Time one move of the sigma slider: ``python benchmarks/bench_peaks.py``.

Prints medians in ms for a realistic distance map and, as the worst case, for pure noise, and for
comparison those of the h-maxima transform of scikit-image for a single threshold.
"""

import argparse

import numpy as np
from numpy.typing import NDArray
from skimage.morphology import h_maxima

from napari_drpnet.picking.detectors.peaks import find_candidates, smooth, suppress_neighbours
from timing import median_ms

BUDGET_MS = 150


def realistic_map(side: int, particles: int, diameter: float) -> NDArray[np.float32]:
    """Return a map of cones like those of the network, with short-range noise."""
    generator = np.random.default_rng(1)
    values = 4 * smooth(generator.normal(0, 0.1, (side, side)), 1.5)
    y, x = np.indices((side, side))
    reach = int(diameter)
    for center in generator.uniform(0, side, (particles, 2)):
        top, left = np.maximum(center.astype(int) - reach, 0)
        near = np.s_[top : top + 2 * reach, left : left + 2 * reach]
        radius = np.hypot(y[near] - center[0], x[near] - center[1])
        peak = generator.uniform(0.4, 1.0) * (1 - 2 * radius / diameter)
        values[near] = np.maximum(values[near], peak + values[near])
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1365, help="side of the square map in pixels")
    parser.add_argument("--runs", type=int, default=9, help="timed runs of each step")
    options = parser.parse_args()
    shape = (options.side, options.side)
    maps = {
        "realistic": realistic_map(options.side, particles=800, diameter=20),
        "noise": np.random.default_rng(2).standard_normal(shape).astype(np.float32),
    }
    print(f"{options.side}² pixels, medians of {options.runs} runs in ms, budget {BUDGET_MS}")
    print("map        sigma  maxima  smooth    find     sum  suppress  h_maxima   ratio")
    for name, distance_map in maps.items():
        for sigma in (1.0, 4.0, 9.0):
            report(name, distance_map, sigma, options.runs)


def report(name: str, distance_map: NDArray[np.float32], sigma: float, runs: int) -> None:
    """Time one map at one sigma, and print one line."""
    smoothed = smooth(distance_map, sigma)
    candidates = find_candidates(smoothed)
    h = float(np.median(candidates.prominence))
    smoothing = median_ms(lambda: smooth(distance_map, sigma), runs)
    finding = median_ms(lambda: find_candidates(smoothed), runs)
    both = median_ms(lambda: find_candidates(smooth(distance_map, sigma)), runs)
    suppressing = median_ms(lambda: suppress_neighbours(candidates, candidates.height, 10.0), runs)
    transform = median_ms(lambda: h_maxima(smoothed, h), min(runs, 3))
    print(
        f"{name:10} {sigma:5} {len(candidates):7} {smoothing:7.1f} {finding:7.1f} {both:7.1f}"
        f" {suppressing:9.2f} {transform:9.0f} {transform / finding:6.0f}x"
        f"{'' if both <= BUDGET_MS else '  OVER BUDGET'}"
    )


if __name__ == "__main__":
    main()
