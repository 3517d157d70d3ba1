"""Training data of a detector: labels as target maps and weights of pixels."""

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
    """Recipe of training a detector on labels; stored on its card."""

    steps: int = Setting(40, ge=1, le=20_000, title="Number of batches")
    learning_rate: float = Setting(
        3e-4, gt=0, le=0.1, title="Learning rate at the start: Adam, cosine schedule"
    )
    batch: int = Setting(8, ge=1, le=256, title="Number of windows per batch")
    window_px: int = Setting(48, ge=16, le=1024, title="Side of a window, network pixels")
    replay_weight: float = Setting(
        0.5, gt=0, le=10, title="Weight of an unlabelled pixel, relative to a labelled one"
    )
    replay_fields: int = Setting(
        4, ge=0, le=100, title="Number of simulated micrographs whose map should not change"
    )
    positive_weight: float = Setting(3.0, gt=0, le=1000, title="Weight of pixels on particles")
    folds: int = Setting(2, ge=2, le=10, title="Number of parts of the labels, each held out once")
    margin: float = Setting(
        0.02, ge=0, le=1, title="Part by which the loss on held-out labels must decrease"
    )
    seed: int = Setting(1, ge=0, title="Seed of the windows and the parts")


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """Micrograph, preprocessed for a detector, with labels.

    Parameters
    ----------
    image : (h, w) float32 array
        Normalised image, particles bright.
    accepted_yx : (n, 2) float array
        Centres of particles ``(y, x)``, network pixels.
    rejected_yx : (m, 2) float array
        Positions ``(y, x)`` that are not particles, network pixels.
    complete : bool
        Whether all particles of the micrograph are labelled, so that nothing else is a particle.
    """

    image: Image
    accepted_yx: Floats
    rejected_yx: Floats
    complete: bool = False

    @property
    def centers_yx(self) -> Floats:
        """Positions of all labels ``(n + m, 2)``, accepted ones first."""
        both = [np.reshape(centers, (-1, 2)) for centers in (self.accepted_yx, self.rejected_yx)]
        return np.concatenate(both).astype(float)

    @property
    def accepted(self) -> Bools:
        """Whether each of `centers_yx` is accepted, ``(n + m,)``."""
        return np.arange(len(self.centers_yx)) < len(self.accepted_yx)


@dataclass(frozen=True, eq=False)
class TrainingImage:
    """Image with target map and weights of pixels.

    Parameters
    ----------
    image, target, weight : (h, w) float32 array
        Normalised image, map to be learned, and weight of each pixel in the loss.
    places_yx : (k, 2) float array
        Positions ``(y, x)`` around which windows are drawn more often, network pixels.
    """

    image: Image
    target: Image
    weight: Image
    places_yx: Floats


def label_targets(
    labelled: LabelledImage, learned: Bools, old_map: Image, particle_px: float, recipe: TuneRecipe
) -> TrainingImage:
    """Draw the target map of a labelled micrograph.

    Parameters
    ----------
    labelled : LabelledImage
        Micrograph with all of its labels.
    learned : (n + m,) bool array
        Labels to learn from. Pixels around the others have no weight.
    old_map : (h, w) float32 array
        Present map of the detector, which is the target where there is no label.
    particle_px : float
        Particle diameter, network pixels.
    recipe : TuneRecipe
        Recipe with the weights of unlabelled and of positive pixels.

    Returns
    -------
    TrainingImage
        Around an accepted label the target is the cone of `distance_target`, around a rejected
        one 0, each out to the radius of the particle. The nearest label decides.
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
        accepted, known = (np.append(rows, False)[label] for rows in (labelled.accepted, learned))
        target = np.where(near, cone * accepted, old_map).astype(np.float32)
        weight = np.where(near, known, recipe.replay_weight).astype(np.float32)
    weight *= np.where(target > 0, recipe.positive_weight, 1).astype(np.float32)
    return TrainingImage(labelled.image, target, weight, labelled.centers_yx[learned])


def replay_targets(field: Field, old_map: Image, recipe: TuneRecipe) -> TrainingImage:
    """Make a training image whose target is the present map of a field.

    Parameters
    ----------
    field : Field
        Field without labels.
    old_map : (h, w) float32 array
        Present map of the detector.
    recipe : TuneRecipe
        Recipe with the weight of unlabelled pixels.
    """
    weight = np.full(old_map.shape, recipe.replay_weight, np.float32)
    return TrainingImage(field.image.astype(np.float32), old_map, weight, np.empty((0, 2)))


def draw_batches(
    images: Sequence[TrainingImage], side: int, batch: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float32]]:
    """Yield batches of windows without end, rotated and mirrored at random.

    Parameters
    ----------
    images : sequence of TrainingImage
        Images that the windows are cut from.
    side : int
        Side of a window, network pixels; less if an image is smaller.
    batch : int
        Number of windows per batch. Every second one is at a label, the others are anywhere.
    rng : Generator
        Random number generator.

    Yields
    ------
    (3, batch, side, side) float32 array
        Image, target and weight of each window.
    """
    side = min(side, *(length for each in images for length in each.image.shape))
    places = [(each, place) for each in images for place in each.places_yx]
    while True:
        windows = []
        for number in range(batch):
            chosen = images[int(rng.integers(len(images)))]
            shape = np.array(chosen.image.shape)
            middle = rng.uniform(size=2) * shape
            if number % 2 == 0 and places:
                chosen, place = places[int(rng.integers(len(places)))]
                shape = np.array(chosen.image.shape)
                middle = place + rng.uniform(-0.35, 0.35, 2) * side
            windows.append(_cut(chosen, middle, shape, side, rng))
        yield np.stack(windows, axis=1)


def _cut(
    chosen: TrainingImage,
    middle: Floats,
    shape: NDArray[np.intp],
    side: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    y, x = np.clip(np.round(middle - side / 2), 0, shape - side).astype(int)
    planes = (chosen.image, chosen.target, chosen.weight)
    window = np.stack([plane[y : y + side, x : x + side] for plane in planes])
    window = np.rot90(window, int(rng.integers(4)), axes=(1, 2))
    return window[:, ::-1] if rng.random() < 0.5 else window
