"""Time and memory that a segmenter adds to picking, for segmentation.py."""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from accuracy_sets import table
from bench_pick import peak_memory_mb
from large_files import write_tiled
from napari_drpnet import PickParameters, load_networks, pick, read_micrograph
from napari_drpnet.picking.detection import detect
from napari_drpnet.picking.detectors.components import find_components
from napari_drpnet.picking.parameters import ParticleParameters, SegmenterParameters
from napari_drpnet.picking.segmentation.dirt import dirt_mask
from napari_drpnet.picking.segmentation.segment import segment
from napari_drpnet.simulation.parameters import SimulationParameters
from timing import median_ms

RUNS = 7
PIXEL_ANGSTROM = 1.5
#: Side and particle diameter of a micrograph in pixels, and the seconds per micrograph that
#: CASSPER's authors published for CASSPER, crYOLO and Topaz on one GTX 1070.
PUBLISHED = {
    "β-galactosidase": (4096, 100.0, (1.8, 2.8, 1.89)),
    "TRPV1": (3710, 123.0, (1.76, 2.23, 1.5)),
    "KLH": (2048, 165.0, (1.2, 1.66, 0.85)),
}
MOST_RATIO, MOST_MB, MOST_NETWORK_MS, MOST_CUTS_MS = 1.6, 150.0, 250.0, 20.0


def parameters_for(diameter_px: float, segmenter: str) -> PickParameters:
    """Return the default parameters with a segmenter."""
    return PickParameters(
        particle=ParticleParameters(diameter_angstrom=diameter_px * PIXEL_ANGSTROM),
        segmenter=SegmenterParameters(segmenter=segmenter),
    )


def pick_times(path: Path, diameter_px: float, segmenter: str) -> dict[str, list[float]]:
    """Return wall times of `pick` in s, reading included, without and with a segmenter.

    Both are timed in turn, so that other work on the machine slows both alike.
    """
    asked = {name: parameters_for(diameter_px, name) for name in ("none", segmenter)}
    networks = {name: load_networks(each) for name, each in asked.items()}
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(RUNS + 1):
        for name, each in asked.items():
            start = perf_counter()
            pick(read_micrograph(path), each, networks[name])
            times[name].append(perf_counter() - start)
    return {name: each[1:] for name, each in times.items()}


def stage_times_ms(path: Path, diameter_px: float, segmenter: str) -> dict[str, float]:
    """Return the medians of the stages of a segmentation in ms."""
    asked = parameters_for(diameter_px, segmenter)
    networks = load_networks(asked)
    network = networks.segmenter
    assert network is not None
    parameters = networks.resolve(asked)
    detection = detect(read_micrograph(path), parameters, networks)
    found, view, limits = detection.segmentation, detection.view, parameters.segmenter
    assert found is not None
    return {
        "network": median_ms(lambda: segment(view, network), RUNS),
        "mask": median_ms(
            lambda: dirt_mask(found, limits.dirt_probability, limits.least_speck), RUNS
        ),
        "components": median_ms(lambda: find_components(found, limits), RUNS),
    }


def measure_speed(segmenter: str) -> str:
    """Measure time and memory of picking with a segmenter; return the tables."""
    rows, published = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, (side, diameter, seconds) in PUBLISHED.items():
            path = Path(folder) / f"{side}.mrc"
            simulated = SimulationParameters(
                particles=100,
                pixel_size_angstrom=PIXEL_ANGSTROM,
                diameter_angstrom=diameter * PIXEL_ANGSTROM,
            )
            write_tiled(path, (side, side), simulated)
            times = pick_times(path, diameter, segmenter)
            plain, vetoed = (median(each) for each in times.values())
            cells = [f"{value:g}" for value in seconds]
            published.append(
                [f"{name}, {side}², {diameter:g} px", f"{plain:.2f}", f"{vetoed:.2f}", *cells]
            )
            if not rows:
                rows = _rows(path, diameter, segmenter, times)
    columns = ["s per micrograph", "ours", "ours with segmenter", "CASSPER", "crYOLO", "Topaz"]
    heading = ["4096², particle of 100 px", "measured", "wanted", "reached"]
    return f"{table(heading, rows)}\n\n{table(columns, published)}"


def _rows(
    path: Path, diameter_px: float, segmenter: str, times: dict[str, list[float]]
) -> list[list[str]]:
    ratios = [vetoed / plain for plain, vetoed in zip(*times.values(), strict=True)]
    memory = peak_memory_mb(path, segmenter) - peak_memory_mb(path)
    stages = stage_times_ms(path, diameter_px, segmenter)
    found = (
        ("`pick` with segmenter / `pick`", float(np.median(ratios)), MOST_RATIO, ""),
        ("memory that it adds", memory, MOST_MB, " MB"),
        ("network", stages["network"], MOST_NETWORK_MS, " ms"),
        ("mask and components", stages["mask"] + stages["components"], MOST_CUTS_MS, " ms"),
    )
    return [
        [
            name,
            f"{value:.3g}{unit}",
            f"≤ {most:g}{unit}",
            "yes" if value <= most else "no",
        ]
        for name, value, most, unit in found
    ]
