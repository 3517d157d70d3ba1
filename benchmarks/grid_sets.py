"""Micrographs over the whole range of conditions, of structures that were not used in training.

A cell describes one small simulated micrograph: structure, detectability d', colour of the noise,
medium and dirt. The spectra are fixed and named here; those of training are drawn at random by
another formula.
"""

import csv
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.signal import wiener

from accuracy_sets import SHARED, Example, empty_pictures, real_examples
from napari_drpnet import read_coordinates, read_micrograph
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import Polarity
from napari_drpnet.simulation import Structure, make_shape, read_structure, simulate_micrograph
from napari_drpnet.simulation.noise import Spectrum, add_noise, coloured_noise, white
from napari_drpnet.simulation.optics import beam_with_edge, contrast_transfer
from napari_drpnet.simulation.parameters import SimulationParameters

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Settings = Mapping[str, Any]

DIAMETER_PX, SIDE_DIAMETERS, PARTICLES = 48, 16, 70
MICROGRAPHS = SHARED / "data/micrographs"

#: File and chains of each structure; all chains if none are named.
FILES: dict[str, tuple[str, str]] = {
    "1qvr": ("1qvr.pdb.gz", ""),
    "1igy": ("1igy.pdb.gz", ""),
    "3cf3": ("3cf3.pdb.gz", ""),
    "1qvr chain": ("1qvr.pdb.gz", "A"),
    "1igy half": ("1igy.pdb.gz", "AB"),
    "3cf3 chain": ("3cf3.pdb.gz", "A"),
    "4v4r": ("map5A_4v4r.mrc.gz", ""),
    "4v7r": ("map5A_4v7r.mrc.gz", ""),
    "2uv8": ("map5A_2uv8.mrc.gz", ""),
    "4v94": ("map10A_4v94.mrc.gz", ""),
    "5gjv": ("5gjv.pdb.gz", ""),
    "6utj": ("map5A_6utj.mrc.gz", ""),
}
#: Structures of 70 to 300 kDa.
SMALL = ("1qvr", "1qvr chain", "1igy", "1igy half", "3cf3", "3cf3 chain")
EVALUATION = (*SMALL, "4v4r", "4v7r", "2uv8", "4v94")
VALIDATION = ("5gjv", "6utj")
#: Kind for `make_shape` and longest extent, Å. Training uses shapes of these kinds too.
SHAPES: dict[str, tuple[str, float]] = {
    "globule of 60 kDa": ("blob", 55.0),
    "rod": ("rod", 200.0),
    "ring": ("ring", 150.0),
    "micelle": ("micelle", 120.0),
    "arms": ("arms", 150.0),
    "disc": ("disc", 110.0),
    "capsid": ("shell", 400.0),
}

DETECTABILITIES = (1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0)
#: High dose and thin ice, so that nearly all noise is the noise that is added.
CLEAN = {"dose": 1000.0, "ice_thickness_angstrom": 100.0, "ice_variation": 0.03, "defocus_um": 1.5}
USUAL = {"dose": 30.0, "ice_thickness_angstrom": 300.0}
STAIN = {"negative_stain": True, "dose": 25.0, "defocus_um": 1.0}
#: High dose for cells with added noise, which then limits the detectability.
LONG = {"dose": 300.0}


def structured_ice(defocus_um: float, pixel: float) -> Spectrum:
    """Return the spectrum of white density noise after the transfer function, on a white floor."""

    def power(frequency: Floats) -> Floats:
        transfer = contrast_transfer(
            (frequency / pixel) ** 2, defocus_angstrom=1e4 * defocus_um, b_factor=150.0
        )
        return np.asarray(transfer**2 + 0.1)

    return power


def envelope(cycles_per_diameter: float, _pixel: float) -> Spectrum:
    """Return a power that falls to 1/e at a number of cycles per particle diameter."""
    return lambda frequency: np.exp(-frequency * DIAMETER_PX / cycles_per_diameter) + 0.003


def no_filter(pixels: Floats) -> Floats:
    return pixels


def gaussian_denoised(pixels: Floats) -> Floats:
    return np.asarray(gaussian_filter(pixels, 0.06 * DIAMETER_PX))


def wiener_denoised(pixels: Floats) -> Floats:
    """Apply a Wiener filter in windows of a seventh of the diameter."""
    return np.asarray(wiener(pixels, 2 * (DIAMETER_PX // 14) + 1))


def band_limited(pixels: Floats, cycles_per_diameter: float = 4.0) -> Floats:
    """Remove all frequencies above a limit, as cropping in Fourier space does."""
    rows, columns = pixels.shape
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns))
    kept = np.fft.rfft2(pixels) * (frequency * DIAMETER_PX < cycles_per_diameter)
    return np.asarray(np.fft.irfft2(kept, s=pixels.shape))


@dataclass(frozen=True)
class Look:
    """Spectrum of the noise, and processing that another program has applied afterwards."""

    spectrum: Callable[[float], Spectrum]
    finish: Callable[[Floats], Floats] = no_filter
    defocus_um: float = 1.5


def _white(_pixel: float) -> Spectrum:
    return white


LOOKS = {
    "white": Look(_white),
    "ice, 0.8 µm": Look(partial(structured_ice, 0.8), defocus_um=0.8),
    "ice, 1.5 µm": Look(partial(structured_ice, 1.5)),
    "ice, 2.5 µm": Look(partial(structured_ice, 2.5), defocus_um=2.5),
    # 0.3 and 0.5 times the Nyquist frequency of particles of 11 px.
    "envelope, 1.65": Look(partial(envelope, 1.65)),
    "envelope, 2.75": Look(partial(envelope, 2.75)),
    "denoised, Gaussian": Look(_white, gaussian_denoised),
    "denoised, Wiener": Look(_white, wiener_denoised),
    "band-limited": Look(_white, band_limited),
}
COLOURED = tuple(name for name in LOOKS if name.startswith(("ice", "envelope")))


@dataclass(frozen=True)
class Cell:
    """Description of one simulated micrograph.

    Parameters
    ----------
    group, row : str
        Table and line of the results.
    structure : str
        Key of `FILES` or `SHAPES`.
    settings : mapping
        Settings that differ from the defaults of `SimulationParameters`.
    detectability : float or None
        d' of the particles after noise is added; None to add no noise.
    look : str
        Key of `LOOKS`.
    blank : str
        Part of the frame that is made black: "quarter", "border" or none.
    blanked : bool
        If False, nothing is made black, but the same area is left out of the evaluation.
    seed : int
        Seed of the simulation.
    """

    group: str
    row: str
    structure: str
    settings: Settings = field(default_factory=dict)
    detectability: float | None = None
    look: str = "white"
    blank: str = ""
    blanked: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Case:
    """Micrograph with its truth and the rules of its evaluation.

    Parameters
    ----------
    group, row : str
        Table and line of the results.
    example : Example
        Micrograph and its truth.
    radius : float
        Largest distance of a pick from its particle, particle diameters.
    border : float
        Distance from the edge within which nothing is evaluated, particle diameters.
    ignored : (ny, nx) bool array or None
        Mask of pixels in which neither picks nor particles are evaluated.
    detectability : float or None
        d' of the cell.
    """

    group: str
    row: str
    example: Example
    radius: float = 0.5
    border: float = 0.5
    ignored: Mask | None = None
    detectability: float | None = None

    def counts(self, positions_yx: Floats) -> Mask:
        """Return which positions ``(n, 2)`` are evaluated, as a mask ``(n,)``."""
        if self.ignored is None:
            return np.ones(len(positions_yx), bool)
        highest = np.array(self.ignored.shape) - 1
        y, x = np.clip(np.round(positions_yx), 0, highest).astype(int).T
        return np.asarray(~self.ignored[y, x])


@cache
def structure_named(name: str) -> Structure:
    """Return a structure, a part of one, or a shape with a fixed seed, by name."""
    if name in SHAPES:
        kind, extent = SHAPES[name]
        return make_shape(kind, extent, np.random.default_rng(list(SHAPES).index(name)))
    file, chains = FILES[name]
    path = SHARED / "data/structures" / file
    return read_part(path, chains) if chains else read_structure(path)


def read_part(path: Path, chains: str) -> Structure:
    """Read some chains of a PDB file."""
    import gemmi

    model = gemmi.read_structure(str(path))
    for chain in {chain.name for chain in model[0]} - set(chains):
        model[0].remove_chain(chain)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / f"{path.name.partition('.')[0]}_{chains}.pdb"
        model.write_pdb(str(part))
        return read_structure(part)


def simulate(cell: Cell) -> Case:
    """Simulate the micrograph of a cell."""
    structure = structure_named(cell.structure)
    side, pixel = SIDE_DIAMETERS * DIAMETER_PX, structure.diameter_angstrom / DIAMETER_PX
    parameters = SimulationParameters(
        **{"particles": PARTICLES, "pixel_size_angstrom": pixel} | dict(cell.settings),
        height_px=side,
        width_px=side,
    )
    simulated = simulate_micrograph(parameters, [structure], cell.seed)
    pixels, centers = np.asarray(simulated.micrograph.pixels, float), simulated.centers_yx
    look = LOOKS[cell.look]
    rng = np.random.default_rng((cell.seed, 2))
    if cell.detectability is not None:
        pixels = with_noise(pixels, centers, cell.detectability, look.spectrum(pixel), rng)
    pixels = look.finish(pixels)
    ignored = None
    if cell.blank:
        light = light_of(cell.blank, pixels.shape, rng)
        dark = light < 1
        near = distance_transform_edt(~dark) < 0.5 * DIAMETER_PX
        ignored = near & ~dark if cell.blanked else near
        pixels = pixels * light if cell.blanked else pixels
        centers = centers[~near[tuple(np.clip(np.round(centers), 0, side - 1).astype(int).T)]]
    polarity: Polarity = "bright" if parameters.negative_stain else "dark"
    name = cell.structure
    if cell.detectability is not None:
        name += f", {cell.look}, d' {cell.detectability:g}"
    micrograph = Micrograph(pixels.astype(np.float32), pixel)
    example = Example(name, micrograph, centers, DIAMETER_PX, polarity)
    return Case(cell.group, cell.row, example, ignored=ignored, detectability=cell.detectability)


def with_noise(
    pixels: Floats,
    centers_yx: Floats,
    detectability: float,
    spectrum: Spectrum,
    rng: np.random.Generator,
) -> Floats:
    """Add noise for a given d' of the particles, with only noise as background.

    `add_noise` also counts the surroundings of particles, mainly neighbours, as background: if a
    fifth of the frame is covered, it cannot reach a d' of more than 10. At a d' of 0.5 the added
    noise dominates, so this noise is scaled to the wanted d'.
    """
    reference = 0.5
    noisy = add_noise(pixels, centers_yx, DIAMETER_PX, reference, spectrum, rng)
    return np.asarray(pixels + (noisy - pixels) * reference / detectability)


def light_of(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return the share of light ``(ny, nx)``: almost none outside a beam, or none in a border."""
    rows, columns = shape
    if kind == "quarter":
        return beam_with_edge((rows, columns), 0.25, rng).intensity((rows, columns))
    width = round(1.2 * DIAMETER_PX)
    light = np.zeros((rows, columns))
    light[width:-width, width:-width] = 1
    return light


def signal_cells(structures: Sequence[str] = EVALUATION) -> Iterator[Cell]:
    """Yield a cell for each d' and look of the noise; structures are used in turn."""
    for i, (name, look) in enumerate(LOOKS.items()):
        for j, detectability in enumerate(DETECTABILITIES):
            structure = structures[(7 * i + 3 * j) % len(structures)]
            settings = CLEAN | {"defocus_um": look.defocus_um}
            seed = 100 + 8 * i + j
            yield Cell("signal", name, structure, settings, detectability, name, seed=seed)


MEDIA: dict[str, Settings] = {
    "ice of 100 Å": {"ice_thickness_angstrom": 100.0},
    "ice of 300 Å": {"ice_thickness_angstrom": 300.0},
    "ice of 1000 Å": {"ice_thickness_angstrom": 1000.0},
    **{
        f"ice uneven over {scale:g} D": USUAL | {"film_unevenness": depth, "film_scale": scale}
        for scale, depth in ((0.25, 0.07), (1.0, 0.25), (3.0, 0.25))
    },
    "stain": STAIN,
    "stain, puddles and plateaus": STAIN | {"stain_puddles": 6, "stain_plateaus": 3},
    **{
        f"stain uneven over {scale:g} D": STAIN
        | {"film_unevenness": deviation, "film_scale": scale}
        for scale, deviation in ((0.25, 0.12), (1.0, 0.5), (3.0, 0.5))
    },
}
DIRT: dict[str, Settings] = {
    "junk": USUAL | {"junk": 6},
    "debris, 10": USUAL | {"debris": 10},
    "debris, 40": USUAL | {"debris": 40},
    "edge of carbon": USUAL | {"carbon": True},
    "ice crystals": USUAL | {"ice_crystals": 7},
    "crystalline film, 0.02": USUAL | {"crystalline_ice": 0.02},
    "crystalline film, 0.1": USUAL | {"crystalline_ice": 0.1},
    "cubic ice": USUAL | {"cubic_ice": 0.15},
    "crowded": USUAL | {"particles": 200, "min_distance": 0.85, "clumped": 0.3},
    "defocus of 0.5 µm": USUAL | {"defocus_um": 0.5},
}


def condition_cells(
    group: str,
    conditions: Mapping[str, Settings],
    detectabilities: Sequence[float | None],
    structures: Sequence[str] = EVALUATION,
) -> Iterator[Cell]:
    """Yield a cell for each condition and d'; structures are used in turn."""
    turn = 0
    for row, settings in conditions.items():
        for detectability in detectabilities:
            structure = structures[3 * turn % len(structures)]
            exposed = settings if detectability is None else {**settings, **LONG}
            yield Cell(group, row, structure, exposed, detectability, seed=300 + turn)
            turn += 1


def shape_cells() -> Iterator[Cell]:
    """Yield shapes and a small protein, faint in coloured noise and clear in white noise."""
    for turn, structure in enumerate([*SHAPES, "1igy"]):
        for detectability, look in ((3.0, COLOURED[turn % len(COLOURED)]), (8.0, "white")):
            yield Cell("shapes", structure, structure, CLEAN, detectability, look, seed=400 + turn)


def blank_cells(structures: Sequence[str] = EVALUATION) -> Iterator[Cell]:
    """Yield cells with a black part of the frame, and the same cells without it."""
    for blank in ("quarter", "border"):
        for blanked in (True, False):
            row = f"{blank} black" + ("" if blanked else ": the same without")
            for turn, detectability in enumerate((4.0, 10.0)):
                structure = structures[(2 + 5 * turn) % len(structures)]
                yield Cell(
                    "invalid area",
                    row,
                    structure,
                    CLEAN,
                    detectability,
                    blank=blank,
                    blanked=blanked,
                    seed=500 + turn,
                )


def grid_cells(structures: Sequence[str] = EVALUATION) -> Iterator[Cell]:
    """Yield all cells with particles of given structures."""
    yield from signal_cells(structures)
    yield from condition_cells("media", MEDIA, (None, 4.0), structures)
    yield from condition_cells("dirt", DIRT, (None, 5.0), structures)
    yield from blank_cells(structures)


EMPTIES: dict[str, Settings] = {
    "ice": USUAL,
    "carbon and crystals": USUAL | {"carbon": True, "ice_crystals": 7, "junk": 3},
    "crystalline film": USUAL | {"crystalline_ice": 0.15},
    "cubic ice": USUAL | {"cubic_ice": 0.15},
    "thick uneven ice": USUAL
    | {"ice_thickness_angstrom": 1000.0, "film_unevenness": 0.3, "ice_variation": 0.15},
    "stain with puddles": STAIN | {"stain_puddles": 8, "stain_plateaus": 3},
    "debris": USUAL | {"debris": 12},
}


def empty_cells() -> Iterator[Cell]:
    """Yield two cells without particles for each condition."""
    for turn, (row, settings) in enumerate(EMPTIES.items()):
        for again in range(2):
            structure = EVALUATION[(3 * turn + 5 * again) % len(EVALUATION)]
            seed = 600 + 2 * turn + again
            yield Cell("empties", row, structure, {**settings, "particles": 0}, seed=seed)


def noise_cases() -> Iterator[Case]:
    """Yield micrographs of coloured noise only."""
    pixel = 3.0
    side = SIDE_DIAMETERS * DIAMETER_PX
    for turn, (name, look) in enumerate(LOOKS.items()):
        rng = np.random.default_rng(700 + turn)
        pixels = look.finish(coloured_noise((side, side), look.spectrum(pixel), rng))
        micrograph = Micrograph((100 + 10 * pixels).astype(np.float32), pixel)
        example = Example(f"noise, {name}", micrograph, np.empty((0, 2)), DIAMETER_PX, "dark")
        yield Case("empties", "noise alone", example)


def named_cells() -> Iterator[Cell]:
    """Yield the named sets of typical conditions, each of six micrographs or more."""
    faint = (2.5, 3.0, 3.5, 4.0)
    for turn in range(12):
        look = COLOURED[turn % len(COLOURED)]
        clean = CLEAN | {"defocus_um": LOOKS[look].defocus_um}
        structure = SMALL[turn % len(SMALL)]
        faintness = faint[(turn + turn // 6) % len(faint)]
        yield Cell("named", "faint", structure, clean, faintness, look, seed=800 + turn)
    uneven = STAIN | LONG | {"film_unevenness": 0.5, "stain_puddles": 3, "stain_plateaus": 2}
    sets: dict[str, tuple[Settings, float | None]] = {
        "stain, uneven": (uneven, 4.0),
        "clear": (USUAL, None),
        "crowded": (DIRT["crowded"], None),
        "low defocus": (USUAL | LONG | {"defocus_um": 0.5}, 5.0),
        "carbon + ice": (
            USUAL | {"carbon": True, "ice_crystals": 5, "junk": 3, "ice_variation": 0.1},
            None,
        ),
        "debris": (USUAL | {"debris": 25}, None),
    }
    for number, (row, (settings, detectability)) in enumerate(sets.items()):
        for turn in range(6):
            structure = EVALUATION[(number + 3 * turn) % len(EVALUATION)]
            if row == "stain, uneven":
                settings = {**settings, "film_scale": (1.0, 2.0, 3.0)[turn % 3]}
            seed = 850 + 10 * number + turn
            yield Cell("named", row, structure, settings, detectability, seed=seed)


def all_cases() -> Iterator[Case]:
    """Yield all cases of the page one by one, so that they are not all in memory."""
    for cell in (*grid_cells(), *shape_cells(), *empty_cells(), *named_cells()):
        yield simulate(cell)
    yield from noise_cases()
    yield from real_cases()


REAL_NAMES = ("ribosome 10028", "apoferritin 10146", "EMPIAR-10017 (denoised)")


def real_cases() -> Iterator[Case]:
    """Yield real micrographs that were not used in training."""
    for name in REAL_NAMES:
        for example in real_examples(name):
            yield Case("real", name, example)
    for path in sorted((MICROGRAPHS / "trpv1_10059").glob("*_000[45]_*.png")):
        truth = read_coordinates(path.with_suffix(".csv")).centers_yx
        example = Example(path.name, read_micrograph(path), truth, 33.5, "dark")
        yield Case("real", "TRPV1 10059", example, radius=0.25, border=1.0)
    for path in sorted((MICROGRAPHS / "klh").glob("*.png")):
        yield klh_case(path)
    for example in empty_pictures():
        yield Case("real, empty", "MicAssess empty and bad", example)


def klh_case(path: Path) -> Case:
    """Read a micrograph of KLH; broken, doubled and cut-off particles are not evaluated."""
    with path.with_suffix(".csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    truth, doubtful = (
        np.array(
            [(float(r["y"]), float(r["x"])) for r in rows if (r["kind"] in ("side", "top")) == good]
        ).reshape(-1, 2)
        for good in (True, False)
    )
    example = Example(path.name, read_micrograph(path), truth, 165.0, "dark")
    return Case("real", "KLH", example, ignored=ignored_around(doubtful, 100.0, example))


def ignored_around(doubtful_yx: Floats, radius: float, example: Example) -> Mask:
    """Return the mask of discs in which nothing is evaluated, except near a true particle."""
    shape = example.micrograph.shape
    near_truth = _discs(shape, example.truth_yx, example.diameter_px / 2)
    return _discs(shape, doubtful_yx, radius) & ~near_truth


def _discs(shape: tuple[int, int], centers_yx: Floats, radius: float) -> Mask:
    if not len(centers_yx):
        return np.zeros(shape, bool)
    elsewhere = np.ones(shape, bool)
    for y, x in np.round(centers_yx).astype(int):
        elsewhere[np.clip(y, 0, shape[0] - 1), np.clip(x, 0, shape[1] - 1)] = False
    return np.asarray(distance_transform_edt(elsewhere) <= radius)
