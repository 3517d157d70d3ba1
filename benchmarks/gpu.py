"""Report in Markdown on picking with a GPU: agreement with the CPU, speed, and little memory.

Takes some minutes. The micrographs are simulated, and are in memory before anything is timed. Times
are medians in steady state. Without an accelerator the script prints a message and ends; it can be
tried with `--device cpu`, for example with `--side 1024 --micrographs 2`.
"""

import argparse
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from accuracy_sets import table
from bench_pick import DIAMETER_PX, make_file, peak_memory_mb
from napari_drpnet import PickParameters, load_networks, pick, simulate_micrograph
from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.evaluation.matching import match_one_to_one
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import preprocess
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.classification.classify import classify
from napari_drpnet.picking.cuts import above_threshold
from napari_drpnet.picking.detection import detect
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.card import DetectorNetwork
from napari_drpnet.picking.networks.tiles import Precision
from napari_drpnet.picking.parameters import DetectorParameters, ParticleParameters
from napari_drpnet.simulation.parameters import SimulationParameters
from timing import median_ms

Positions = NDArray[np.float64]
Image = NDArray[np.float32]

PIXEL_SIZE, PARTICLES = 1.5, 600  # Å; on 4096²
#: Requirements for a GPU: unbinned pixels, map units, micrographs per second.
SAME_CENTER_PX, SAME_MAP, AIM_PER_SECOND = 0.05, 1e-4, 20
#: Distance within which two picks are the same particle, particle diameters.
SAME_PARTICLE = 0.25
#: Share of the memory that the detector would use to which it is limited.
LEFT = 1 / 6
#: Default limit of torch on MPS, as a fraction of the memory that Metal recommends.
_MPS_LIMIT = 1.7


@dataclass(frozen=True)
class Arithmetic:
    """Arithmetic of the networks; on CUDA, convolutions in float32 may round to TF32."""

    name: str
    precision: Precision
    tf32: bool = True

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Use this arithmetic in a block."""
        before = torch.backends.cudnn.allow_tf32
        torch.backends.cudnn.allow_tf32 = before and self.tf32
        try:
            yield
        finally:
            torch.backends.cudnn.allow_tf32 = before


FLOAT32 = Arithmetic("float32", "float32")
EXACT = Arithmetic("float32 without TF32", "float32", tf32=False)
BFLOAT16 = Arithmetic("bfloat16", "bfloat16")


@dataclass(frozen=True)
class Agreement:
    """Agreement of picks with those of the CPU; distances are 0 without pairs."""

    expected: int
    found: int
    matched: int
    median_px: float
    greatest_px: float

    @property
    def same(self) -> bool:
        """Whether the picks have the same number and the same positions."""
        return self.expected == self.found == self.matched and self.greatest_px <= SAME_CENTER_PX

    def cells(self) -> list[str]:
        """Return the cells of a table."""
        share = self.matched / max(self.expected, self.found, 1)
        counts = [str(self.expected), str(self.found), f"{share:.1%}"]
        return [*counts, f"{self.median_px:.4f}", f"{self.greatest_px:.4f}"]


def compare(expected_yx: Positions, found_yx: Positions) -> Agreement:
    pairs = match_one_to_one(found_yx, expected_yx, SAME_PARTICLE * DIAMETER_PX)
    distance = pairs.distance_px if len(pairs) else np.zeros(1)
    return Agreement(
        len(expected_yx),
        len(found_yx),
        len(pairs),
        float(np.median(distance)),
        float(distance.max()),
    )


class TileCount:
    """Job that counts the tiles of the last attempt."""

    tiles = 0

    def advance(self, done: int, total: int, stage: str) -> None:
        """Store the number of tiles."""
        self.tiles = total

    def describe(self, side: int) -> str:
        """Describe the tiles of a square image."""
        return f"{self.tiles}, {side / self.tiles**0.5:.0f} px a side on average"


class Bench:
    """Device with networks and micrographs to pick.

    Parameters
    ----------
    device : Device
        Device to measure.
    micrographs : list of Micrograph
        Simulated micrographs in memory.
    runs : int
        Number of timed runs of each step.
    """

    def __init__(self, device: Device, micrographs: list[Micrograph], runs: int) -> None:
        self.kind = torch.device(device.name).type
        self.micrographs, self._runs = micrographs, runs
        self.networks = load_networks(asked(FLOAT32, device=device.name))
        self.arithmetics = [FLOAT32, BFLOAT16]
        if self.kind == "cuda":
            self.arithmetics.insert(1, EXACT)

    def milliseconds(self, work: Callable[[], object]) -> float:
        """Return the median time of some work, including synchronisation of the device."""
        return median_ms(lambda: (work(), getattr(torch, self.kind).synchronize()), self._runs)

    def compare_picks(self) -> list[list[str]]:
        """Compare the picks of each micrograph with those of the CPU in float32."""
        cpu = load_networks(asked(FLOAT32, device="cpu"))
        expected = [accepted_yx(m, FLOAT32, cpu) for m in self.micrographs]
        rows = []
        for arithmetic in self.arithmetics:
            for number, (m, positions) in enumerate(zip(self.micrographs, expected, strict=True)):
                with arithmetic.in_use():
                    agreement = compare(positions, accepted_yx(m, arithmetic, self.networks))
                check = pass_or_fail(agreement.same) if arithmetic.precision == "float32" else "–"
                rows.append([arithmetic.name, str(number + 1), *agreement.cells(), check])
        return rows

    def rates(self) -> list[list[str]]:
        """Return micrographs per second, with polarity found and given."""
        rows = []
        for arithmetic in self.arithmetics:
            rates = [self._rate(arithmetic, polarity) for polarity in ("auto", "dark")]
            rows.append([arithmetic.name, *(f"{rate:.1f}" for rate in rates)])
        return rows

    def _rate(self, arithmetic: Arithmetic, polarity: Literal["auto", "dark"]) -> float:
        parameters = asked(arithmetic, polarity)
        with arithmetic.in_use():
            milliseconds = self.milliseconds(
                lambda: [pick(m, parameters, self.networks) for m in self.micrographs]
            )
        return 1e3 * len(self.micrographs) / milliseconds

    def stages(self) -> list[list[str]]:
        """Return the time of each stage of the first micrograph, with given polarity."""
        rows = []
        for arithmetic in self.arithmetics:
            with arithmetic.in_use():
                times = [self.milliseconds(work) for work in self._works(arithmetic)]
            rows.append([arithmetic.name, *(f"{each:.1f} ms" for each in times)])
        return rows

    def _works(self, arithmetic: Arithmetic) -> list[Callable[[], object]]:
        micrograph, networks, card = self.micrographs[0], self.networks, self.networks.detector.card
        parameters = networks.resolve(asked(arithmetic, "dark"))
        detection = detect(micrograph, parameters, networks)
        image, candidates = detection.view.image, rank_candidates(detection, parameters)
        wanted = above_threshold(candidates, parameters)
        return [
            lambda: preprocess(
                micrograph.pixels, DIAMETER_PX, card.particle_px, "dark", spectrum=card.spectrum
            ),
            lambda: predict_distance_map(image, networks.detector, arithmetic.precision),
            lambda: rank_candidates(detection, parameters),
            lambda: classify(candidates, detection, networks, wanted=wanted),
            lambda: pick(micrograph, parameters, networks),
        ]

    def device_memory(self) -> list[list[str]]:
        """Return the peak of device memory of picking one micrograph."""
        rows = []
        for arithmetic in self.arithmetics:
            with arithmetic.in_use():
                peak = device_peak(
                    self.kind,
                    lambda a=arithmetic: pick(self.micrographs[0], asked(a), self.networks),
                )
            rows.append([arithmetic.name, megabytes(self.kind, peak)])
        return rows

    def large_image(self) -> Image:
        """Return the first network image, repeated to the size of the micrograph."""
        micrograph = self.micrographs[0]
        parameters = self.networks.resolve(asked(FLOAT32, "dark"))
        image = detect(micrograph, parameters, self.networks).view.image
        repeats = [-(-n // length) for n, length in zip(micrograph.shape, image.shape, strict=True)]
        return np.tile(image, repeats)[: micrograph.shape[0], : micrograph.shape[1]]


def asked(
    arithmetic: Arithmetic, polarity: Literal["auto", "dark"] = "auto", device: str = "auto"
) -> PickParameters:
    return PickParameters(
        particle=ParticleParameters(diameter_angstrom=PIXEL_SIZE * DIAMETER_PX, polarity=polarity),
        detector=DetectorParameters(precision=arithmetic.precision, device=device),
    )


def accepted_yx(micrograph: Micrograph, arithmetic: Arithmetic, networks: Networks) -> Positions:
    picks = pick(micrograph, asked(arithmetic), networks)
    return picks.centers_yx[picks.accepted]


def make_micrographs(side: int, count: int) -> list[Micrograph]:
    parameters = SimulationParameters(
        height_px=side,
        width_px=side,
        pixel_size_angstrom=PIXEL_SIZE,
        diameter_angstrom=PIXEL_SIZE * DIAMETER_PX,
        particles=round(PARTICLES * (side / 4096) ** 2),
    )
    return [simulate_micrograph(parameters, seed=seed).micrograph for seed in range(count)]


def pass_or_fail(holds: bool) -> str:
    return "PASS" if holds else "FAIL"


def memory_taken(kind: str) -> int:
    """Return the bytes of device memory that torch holds after releasing unused ones."""
    if kind == "cpu":
        return 0
    getattr(torch, kind).empty_cache()
    return torch.cuda.memory_reserved() if kind == "cuda" else torch.mps.driver_allocated_memory()


def device_peak(kind: str, work: Callable[[], object]) -> int:
    """Return the peak of device memory in bytes during some work; 0 for a CPU."""
    memory_taken(kind)
    if kind == "cuda":
        torch.cuda.reset_peak_memory_stats()
    work()
    if kind == "cuda":
        return torch.cuda.max_memory_reserved()
    # MPS does not record a peak, but releases no memory until it is asked to.
    return torch.mps.driver_allocated_memory() if kind == "mps" else 0


@contextmanager
def memory_limit(kind: str, limit: int) -> Iterator[None]:
    """Limit the device memory of torch in a block; a CPU has no limit."""
    if kind == "cpu":
        yield
        return
    if kind == "cuda":
        total, usual = torch.cuda.mem_get_info()[1], 1.0
    else:
        total, usual = torch.mps.recommended_max_memory(), _MPS_LIMIT
    set_fraction = getattr(torch, kind).set_per_process_memory_fraction
    set_fraction(limit / total)
    try:
        yield
    finally:
        set_fraction(usual)


def back_off(kind: str, image: Image, detector: DetectorNetwork) -> str:
    """Run the detector with all memory and with little, and report tiles and difference."""
    side, whole, starved = len(image), TileCount(), TileCount()
    maps: list[Image] = []
    base = memory_taken(kind)
    with EXACT.in_use():
        peak = device_peak(
            kind, lambda: maps.append(predict_distance_map(image, detector, job=whole))
        )
        memory_taken(kind)
        limit = base + round(LEFT * (peak - base))
        with memory_limit(kind, limit):
            maps.append(predict_distance_map(image, detector, job=starved))
    difference = float(np.abs(maps[0] - maps[1]).max())
    rows = [
        ["all memory", megabytes(kind, peak), whole.describe(side)],
        ["little memory", megabytes(kind, limit), starved.describe(side)],
    ]
    halved = "yes" if starved.tiles > whole.tiles else "no, so this was not tried"
    return (
        f"{table(['', 'memory', 'tiles'], rows)}\n\n"
        f"Memory ran out, and tiles were halved: {halved}.\n"
        f"Greatest difference of the maps {difference:.2g}, greatest value {maps[0].max():.3f}; "
        f"the same within {SAME_MAP:g}: {pass_or_fail(difference <= SAME_MAP)}."
    )


def megabytes(kind: str, size: int) -> str:
    return "not measured" if kind == "cpu" else f"{size / 2**20:.0f} MB"


def host_memory_mb(side: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return peak_memory_mb(make_file((side, side), Path(folder)))


def driver_version(kind: str) -> str:
    if kind == "mps":
        return f"macOS {platform.mac_ver()[0]}"
    if kind == "cpu" or not shutil.which("nvidia-smi"):
        return "none"
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return (answer.stdout.splitlines() or ["unknown"])[0]


def describe(device: Device) -> str:
    kind = torch.device(device.name).type
    rows = [
        ["device", f"{device.name}: {device.reason}"],
        ["driver", driver_version(kind)],
        ["torch", torch.__version__],
        ["host", f"{platform.machine()}, {torch.get_num_threads()} threads, {platform.system()}"],
    ]
    if kind == "cuda":
        gigabytes = torch.cuda.mem_get_info()[1] / 2**30
        rows += [
            ["memory", f"{gigabytes:.0f} GiB"],
            ["CUDA, cuDNN", f"{torch.version.cuda}, {torch.backends.cudnn.version()}"],
            ["TF32 in convolutions", "yes" if torch.backends.cudnn.allow_tf32 else "no"],
        ]
    return table(["", ""], rows)


def section(title: str, *paragraphs: str) -> None:
    print("\n\n".join([f"\n## {title}", *paragraphs]), flush=True)


def report(device: Device, side: int, count: int, runs: int) -> None:
    print(f"# Picking on {device.name}\n\n{describe(device)}", flush=True)
    bench = Bench(device, make_micrographs(side, count), runs)
    section(
        "The picks of the CPU?",
        f"{count} simulated micrographs of {side}², particle {DIAMETER_PX:.0f} px, beside the CPU "
        f"in float32. PASS: as many, and no centre more than {SAME_CENTER_PX} px away.",
        table(
            ["", "micrograph", "CPU", "here", "matched", "median px", "greatest px", ""],
            bench.compare_picks(),
        ),
    )
    section(
        "Micrographs per second",
        f"From memory to picks, decoding excluded, one process. The aim: "
        f"{AIM_PER_SECOND} of 4096² a second.",
        table(["", "polarity found out", "polarity given"], bench.rates()),
    )
    section(
        "Where the time goes",
        "The first micrograph, polarity given, so that the detector runs once.",
        table(["", "preprocess", "detector", "peaks", "classifier", "pick()"], bench.stages()),
    )
    section(
        "Memory",
        "Most that torch took of the device while one micrograph was picked, without its context.",
        table(["", "device"], bench.device_memory()),
        f"Host, a process that picks one: {host_memory_mb(side):.0f} MB.",
    )
    section(
        "When memory runs out",
        f"The detector on a network image of {side}², in float32 without TF32; torch is given "
        f"{LEFT:.0%} of the memory that it took.",
        back_off(bench.kind, bench.large_image(), bench.networks.detector),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("auto", "cpu"), default="auto")
    parser.add_argument("--side", type=int, default=4096, help="side of a micrograph, pixels")
    parser.add_argument("--micrographs", type=int, default=3)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    device = choose_device(options.device)
    if options.device == "auto" and device.name == "cpu":
        print(f"No accelerator was found, so nothing was measured: {device.reason}.")
        return
    report(device, options.side, options.micrographs, options.runs)


if __name__ == "__main__":
    main()
