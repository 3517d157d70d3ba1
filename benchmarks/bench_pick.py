"""Measure speed and memory of pick() against simple alternatives.

Each number is the median of several runs in steady state (networks loaded, kernels compiled),
reading included, on files that the operating system has cached. The alternatives are a
Laplacian-of-Gaussian picker on the same file at full and at a quarter of the resolution, and the
detector in eager torch on the whole network image. pick() is also timed while another program
keeps one core busy. As in `drpnet pick`, torch is imported after napari_drpnet.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from large_files import write_tiled
from napari_drpnet import PickParameters, load_networks, pick, read_micrograph
from napari_drpnet.images.preprocess import preprocess, resample
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.classification.classify import classify
from napari_drpnet.picking.detection import detect
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.parameters import ParticleParameters
from napari_drpnet.simulation.parameters import SimulationParameters
from timing import median_ms

DIAMETER_PX = 100.0
SHAPES = {"4096": (4096, 4096), "11520x8184": (8184, 11520)}


def make_file(shape: tuple[int, int], folder: Path) -> Path:
    path = folder / f"bench_{shape[0]}x{shape[1]}.mrc"
    parameters = SimulationParameters(particles=150, diameter_angstrom=150)
    return write_tiled(path, shape, parameters)


def laplacian_picker(path: Path, binning: int) -> None:
    from scipy.ndimage import gaussian_laplace, maximum_filter

    pixels = np.asarray(read_micrograph(path).pixels, np.float32)
    if binning > 1:
        pixels = resample(pixels, (pixels.shape[0] // binning, pixels.shape[1] // binning))
    radius = DIAMETER_PX / 2 / binning
    response = gaussian_laplace(pixels, radius / np.sqrt(2))
    peaks = (maximum_filter(response, int(radius)) == response) & (response > 3 * response.std())
    np.argwhere(peaks)


@contextmanager
def one_core_busy() -> Iterator[None]:
    """Keep one core busy with another process."""
    process = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.communicate()


def peak_memory_mb(path: Path, segmenter: str = "none") -> float:
    """Return the peak resident memory of a process that picks one file."""
    code = (
        "import resource, sys\n"
        "from napari_drpnet import *\n"
        "from napari_drpnet.picking.parameters import ParticleParameters, SegmenterParameters\n"
        f"particle = ParticleParameters(diameter_angstrom={1.5 * DIAMETER_PX})\n"
        "segmenter = SegmenterParameters(segmenter=sys.argv[2])\n"
        "parameters = PickParameters(particle=particle, segmenter=segmenter)\n"
        "pick(read_micrograph(sys.argv[1]), parameters)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(path), segmenter],
        capture_output=True,
        text=True,
        check=True,
    )
    kilobytes = float(answer.stdout.split()[-1])
    return kilobytes / (1024 if platform.system() == "Linux" else 1024**2)


def report(label: str, shape: tuple[int, int], folder: Path, runs: int) -> None:
    import torch

    path = make_file(shape, folder)
    asked = PickParameters(particle=ParticleParameters(diameter_angstrom=1.5 * DIAMETER_PX))
    networks = load_networks(asked)
    parameters = networks.resolve(asked)
    micrograph = read_micrograph(path)
    card = networks.detector.card
    detection = detect(micrograph, parameters, networks)
    picks = rank_candidates(detection, parameters)
    picked = pick(micrograph, asked, networks)
    whole = median_ms(lambda: pick(read_micrograph(path), asked, networks), runs)
    image = detection.view.image
    with one_core_busy():
        busy = median_ms(lambda: pick(read_micrograph(path), asked, networks), runs)
    rows = {
        "pick(), reading included": whole,
        "pick() with one core busy": busy,
        "  read and check": median_ms(lambda: read_micrograph(path), runs),
        "  preprocess": median_ms(
            lambda: preprocess(
                micrograph.pixels, DIAMETER_PX, card.particle_px, "dark", spectrum=card.spectrum
            ),
            runs,
        ),
        "  detector": median_ms(lambda: predict_distance_map(image, networks.detector), runs),
        "  peaks": median_ms(lambda: rank_candidates(detection, parameters), runs),
        f"  classifier, {len(picked)} of {len(picks)} candidates": median_ms(
            lambda: classify(picked, detection, networks), runs
        ),
        "detector in bfloat16": median_ms(
            lambda: predict_distance_map(image, networks.detector, "bfloat16"), runs
        ),
    }
    networks.detector.module.float()
    tensor = torch.from_numpy(image)[None, None].contiguous()
    eager = networks.detector.module.to(memory_format=torch.contiguous_format)
    with torch.inference_mode():
        rows["detector, eager on the whole image"] = median_ms(lambda: eager(tensor), runs)
    rows["Laplacian of Gaussian, full resolution"] = median_ms(
        lambda: laplacian_picker(path, 1), max(1, runs // 3)
    )
    rows["Laplacian of Gaussian, binned 4"] = median_ms(lambda: laplacian_picker(path, 4), runs)
    print(f"\n{label}, particle {DIAMETER_PX:.0f} px, network image {image.shape}")
    for name, milliseconds in rows.items():
        print(f"  {name:44s} {milliseconds:9.1f} ms   {milliseconds / whole:6.2f} of pick()")
    print(f"  pick() takes {busy / whole:.2f} times as long with one core busy")
    print(f"  peak memory of a process that picks it      {peak_memory_mb(path):9.0f} MB")


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        for label, shape in SHAPES.items():
            report(label, shape, Path(folder), runs)


if __name__ == "__main__":
    main()
