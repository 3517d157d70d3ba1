"""P(particle) from log-odds: those of a candidate's patch, and those of its context."""

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.geometry import nearest_pixels
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.picking.networks.neighbours import describe_context

if TYPE_CHECKING:
    from napari_drpnet.picking.networks.card import ClassifierNetwork

Real = TypeVar("Real", np.float16, np.float32)
Indices = NDArray[np.intp]
Floats = NDArray[np.float64]

#: Patches at once: few stay in a CPU's cache, many keep a GPU busy.
_BATCH, _BATCH_GPU = 64, 1024


def extract_patches(image: NDArray[Real], centers_yx: ArrayLike, patch_px: int) -> NDArray[Real]:
    """Cut a square patch around each centre.

    Parameters
    ----------
    image : (h, w) real array
        A network image; beyond its edges patches are mirrored.
    centers_yx : (n, 2) array
        Centres ``(y, x)`` in its pixels; the pixel nearest to a centre becomes pixel
        ``patch_px // 2`` of the patch.
    patch_px : int
        Side of a patch.

    Returns
    -------
    (n, patch_px, patch_px) array
        Of the dtype of `image`.
    """
    before = patch_px // 2
    padded = np.pad(image, ((before, patch_px), (before, patch_px)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (patch_px, patch_px))
    return np.asarray(windows[nearest_pixels(image.shape, centers_yx)])


def log_odds_of_patches(
    patches: NDArray[np.float32], classifier: "ClassifierNetwork", job: Job | None = None
) -> NDArray[np.float32]:
    """Return the log-odds of a particle that each patch gives.

    Parameters
    ----------
    patches : (n, p, p) float32 array
        From `extract_patches`, at the scale and size that the classifier's card names.
    classifier : ClassifierNetwork
        From `load_classifier`.
    job : Job, optional
        Progress callback, called after each batch; it may cancel.

    Returns
    -------
    (n,) float32 array
        Log-odds: the difference of the two outputs.

    Raises
    ------
    Cancelled
        When the job says so.
    """
    import torch

    job = job or SilentJob()
    device = next(classifier.module.parameters()).device
    odds = np.empty(len(patches), np.float32)
    step = _BATCH if device.type == "cpu" else _BATCH_GPU
    for start in range(0, len(patches), step):
        batch = torch.from_numpy(patches[start : start + step, None])
        with torch.inference_mode():
            logits = classifier.module(batch.to(device, memory_format=torch.channels_last))
        stop = start + len(batch)
        odds[start:stop] = (logits[:, 1] - logits[:, 0]).float().cpu().numpy()
        job.advance(stop, len(patches), "classifier")
    return odds


def log_odds_of_context(
    centers_yx: Floats,
    height: Floats,
    shape: tuple[float, ...],
    diameter_px: float,
    classifier: "ClassifierNetwork",
) -> Floats:
    """Return the log-odds of a particle that the other candidates give each.

    Parameters
    ----------
    centers_yx, height, shape, diameter_px
        All candidates, as for `neighbours.describe_context`.
    classifier : ClassifierNetwork
        From `load_classifier`.

    Returns
    -------
    (n,) float array
        Log-odds, to be added to those of the patches; 0 from a classifier that knows patches only.
    """
    import torch

    net = getattr(classifier.module, "context", None)
    if net is None or not len(height):
        return np.zeros(len(height))
    context = describe_context(centers_yx, height, shape, diameter_px)
    with torch.inference_mode():
        rows = torch.from_numpy(context.astype(np.float32)).to(net.mean.device)
        return np.asarray(net(rows).double().cpu().numpy())


def particle_probability(patch: ArrayLike, context: ArrayLike = 0.0) -> Floats:
    """Return P(particle) from the log-odds of patches and contexts, ``(n,)`` both: they add up."""
    from scipy.special import expit

    return np.asarray(expit(np.asarray(patch, float) + context), float)
