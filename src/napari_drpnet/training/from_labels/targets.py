"""What a detector learns from: micrographs with the labels of a person, as targets and weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field as Setting

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.targets import distance_target

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Image = NDArray[np.float32]


class TuneRecipe(Parameters):
    """How a detector learns from labels; stored in its card."""

    steps: int = Setting(40, ge=1, le=20_000, title="Batches")
    learning_rate: float = Setting(3e-4, gt=0, le=0.1, title="Adam, cosine schedule")
    batch: int = Setting(8, ge=1, le=256, title="Windows of micrographs per batch")
    window_px: int = Setting(48, ge=16, le=1024, title="Side of a window, network pixels")
    replay_weight: float = Setting(
        0.5, gt=0, le=10, title="Weight of an unlabelled pixel against that of a labelled one"
    )
    replay_fields: int = Setting(
        4, ge=0, le=100, title="Simulated micrographs of other particles that shall look as before"
    )
    positive_weight: float = Setting(3.0, gt=0, le=1000, title="Weight of pixels on particles")
    folds: int = Setting(2, ge=2, le=10, title="Parts of the labels, each held out once")
    margin: float = Setting(
        0.02, ge=0, le=1, title="Loss on held-out labels must fall by this part"
    )
    seed: int = Setting(1, ge=0, title="Of the windows and the parts")


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One micrograph as the detector sees it, and what a person said of places on it.

    Parameters
    ----------
    image : (h, w) float32 array
        Normalised, particles bright.
    accepted_yx : (n, 2) float array
        Particles, network pixels.
    rejected_yx : (m, 2) float array
        What is none, network pixels.
    complete : bool
        Whether every particle is accepted: then nothing else is one.
    """

    image: Image
    accepted_yx: Floats
    rejected_yx: Floats
    complete: bool = False

    @property
    def centers_yx(self) -> Floats:
        """All labels, the accepted ones first, (n + m, 2)."""
        both = [np.reshape(centers, (-1, 2)) for centers in (self.accepted_yx, self.rejected_yx)]
        return np.concatenate(both).astype(float)

    @property
    def verdicts(self) -> Bools:
        """Whether each of `centers_yx` is accepted, (n + m,)."""
        return np.arange(len(self.centers_yx)) < len(self.accepted_yx)


@dataclass(frozen=True, eq=False)
class TrainingImage:
    """An image, the map that the detector shall draw of it, and how much each pixel counts.

    Parameters
    ----------
    image, target, weight : (h, w) float32 array
        Of one shape.
    places_yx : (k, 2) float array
        Where to look more often, network pixels.
    """

    image: Image
    target: Image
    weight: Image
    places_yx: Floats


def label_targets(
    labelled: LabelledImage, learned: Bools, old_map: Image, particle_px: float, recipe: TuneRecipe
) -> TrainingImage:
    """Draw what labels want the map to be.

    Parameters
    ----------
    labelled : LabelledImage
        With all of its labels.
    learned : (n + m,) bool array
        Which of these to learn from; what lies about the others counts nothing.
    old_map : (h, w) float32 array
        What the detector draws now. Where no label is, it shall stay so.
    particle_px : float
        Particle diameter, network pixels.
    recipe : TuneRecipe
        Says how much that counts.

    Returns
    -------
    TrainingImage
        About an accepted label the cone of `distance_target`, about a rejected one 0, each out to
        the rim of the particle; the nearest label decides.
    """
    from scipy.spatial import cKDTree

    shape = (old_map.shape[0], old_map.shape[1])
    if labelled.complete:
        target = distance_target(labelled.accepted_yx, shape, particle_px)
        weight = np.ones(shape, np.float32)
    else:
        tree = cKDTree(labelled.centers_yx)
        grid = np.moveaxis(np.indices(shape), 0, -1)
        distance, label = tree.query(grid, distance_upper_bound=particle_px / 2)
        near = np.isfinite(distance)
        cone = np.where(near, 1 - distance / (particle_px / 2), 0.0)
        accepted, known = (np.append(rows, False)[label] for rows in (labelled.verdicts, learned))
        target = np.where(near, cone * accepted, old_map).astype(np.float32)
        weight = np.where(near, known, recipe.replay_weight).astype(np.float32)
    weight *= np.where(target > 0, recipe.positive_weight, 1).astype(np.float32)
    return TrainingImage(labelled.image, target, weight, labelled.centers_yx[learned])


def replay_targets(field: Field, old_map: Image, recipe: TuneRecipe) -> TrainingImage:
    """Want the map of a field to stay as it is, as much as unlabelled pixels do."""
    weight = np.full(old_map.shape, recipe.replay_weight, np.float32)
    return TrainingImage(field.image.astype(np.float32), old_map, weight, np.empty((0, 2)))


def draw_batches(
    lectures: Sequence[TrainingImage], side: int, batch: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float32]]:
    """Yield batches of windows without end, turned and mirrored at random.

    Parameters
    ----------
    lectures : sequence of TrainingImage
        What to cut them from.
    side : int
        Of a window, pixels.
    batch : int
        How many; about every second one shows a label, the others lie anywhere.
    rng : Generator
        Of all that is random.

    Yields
    ------
    (3, batch, side, side) float32 array
        Image, target and weight.
    """
    side = min(side, *(length for lecture in lectures for length in lecture.image.shape))
    places = [(lecture, place) for lecture in lectures for place in lecture.places_yx]
    while True:
        windows = []
        for number in range(batch):
            lecture = lectures[int(rng.integers(len(lectures)))]
            shape = np.array(lecture.image.shape)
            middle = rng.uniform(size=2) * shape
            if number % 2 == 0 and places:
                lecture, place = places[int(rng.integers(len(places)))]
                shape = np.array(lecture.image.shape)
                middle = place + rng.uniform(-0.35, 0.35, 2) * side
            windows.append(_cut(lecture, middle, shape, side, rng))
        yield np.stack(windows, axis=1)


def _cut(
    lecture: TrainingImage,
    middle: Floats,
    shape: NDArray[np.intp],
    side: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    y, x = np.clip(np.round(middle - side / 2), 0, shape - side).astype(int)
    planes = (lecture.image, lecture.target, lecture.weight)
    window = np.stack([plane[y : y + side, x : x + side] for plane in planes])
    window = np.rot90(window, int(rng.integers(4)), axes=(1, 2))
    return window[:, ::-1] if rng.random() < 0.5 else window
