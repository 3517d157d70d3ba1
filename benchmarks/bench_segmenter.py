"""Time the networks of segmenters beside the detector, on 1 and 2 threads.

The image is that of a micrograph of 4096 × 4096 pixels with particles of 100 pixels. The weights
are random. Each round runs every network once, so that other work on the machine slows all alike.
"""

import argparse
from statistics import median
from time import perf_counter

import numpy as np
import torch

from napari_drpnet.picking.networks.build import DETECTORS, SEGMENTERS
from napari_drpnet.picking.networks.tiles import run_tiled

SIDE = 451
INPUTS, CLASSES = 2, 4
#: Name and number of inputs of each network. All times are divided by that of the first.
REFERENCE = "detector"
NETWORKS = {
    REFERENCE: (1, DETECTORS["multiscale"]),
    **{
        name: (INPUTS, lambda make=make: make(INPUTS, CLASSES))
        for name, make in sorted(SEGMENTERS.items(), reverse=True)
    },
}


def times_ms(threads: int, runs: int) -> dict[str, list[float]]:
    """Return the wall times of each network in ms, after one round that is not timed."""
    torch.set_num_threads(threads)
    pixels = np.random.default_rng(0).normal(size=(INPUTS, SIDE, SIDE)).astype(np.float32)
    modules = {
        name: (pixels[:inputs], make().eval().to(memory_format=torch.channels_last))
        for name, (inputs, make) in NETWORKS.items()
    }
    times: dict[str, list[float]] = {name: [] for name in modules}
    for _ in range(runs + 1):
        for name, (image, module) in modules.items():
            start = perf_counter()
            run_tiled(module, image)
            times[name].append(1e3 * (perf_counter() - start))
    return {name: each[1:] for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    for threads in (1, 2):
        times = times_ms(threads, runs)
        print(f"{SIDE} × {SIDE} pixels, {threads} threads, medians of {runs}")
        for name, each in times.items():
            ratios = [one / other for one, other in zip(each, times[REFERENCE], strict=True)]
            print(f"  {name:12s} {median(each):8.0f} ms {median(ratios):8.2f} × {REFERENCE}")


if __name__ == "__main__":
    main()
