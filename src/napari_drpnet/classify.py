"""Judge candidates by what surrounds them: patches to P(particle)."""

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.jobs import Job, SilentJob

if TYPE_CHECKING:
    from napari_drpnet.networks.weights import Network

Real = TypeVar("Real", np.float16, np.float32)
Indices = NDArray[np.intp]

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


def nearest_pixels(shape: tuple[int, ...], centers_yx: ArrayLike) -> tuple[Indices, Indices]:
    """Return rows and columns of the pixels of a ``(h, w)`` image nearest to ``(n, 2)`` centres.

    Two centres with the same pixel have the same patch, and so the same P(particle).
    """
    nearest = np.round(np.asarray(centers_yx, float).reshape(-1, 2)).astype(np.intp)
    row, column = np.clip(nearest, 0, np.array(shape) - 1).T
    return row, column


def classify_patches(
    patches: NDArray[np.float32], classifier: "Network", job: Job | None = None
) -> NDArray[np.float64]:
    """Return P(particle) of each patch.

    Parameters
    ----------
    patches : (n, p, p) float32 array
        From `extract_patches`, at the scale and size that the classifier's card names.
    classifier : Network
        From `load_classifier`.
    job : Job, optional
        Told after each batch; may cancel.

    Returns
    -------
    (n,) float array
        Softmax of the two outputs, so between 0 and 1.

    Raises
    ------
    Cancelled
        When the job says so.
    """
    import torch

    job = job or SilentJob()
    device = next(classifier.module.parameters()).device
    probability = np.empty(len(patches))
    step = _BATCH if device.type == "cpu" else _BATCH_GPU
    for start in range(0, len(patches), step):
        batch = torch.from_numpy(patches[start : start + step, None])
        with torch.inference_mode():
            logits = classifier.module(batch.to(device, memory_format=torch.channels_last))
        stop = start + len(batch)
        probability[start:stop] = logits.softmax(dim=1)[:, 1].float().cpu().numpy()
        job.advance(stop, len(patches), "classifier")
    return probability
