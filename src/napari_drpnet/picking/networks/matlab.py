"""Import of the published detector from the MATLAB file of its authors."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.picking.networks.weights import save_network, user_weights_folder

if TYPE_CHECKING:
    import h5py

#: Datasets of ``models/cnet_1.mat`` (MATLAB 7.3, that is HDF5), in the order of the layers.
_LAYERS = {"conv_1": "d", "conv_2": "f", "conv_3": "h", "conv_4": "j", "conv_5": "m"}

#: Settings of the authors' parameter file for EMPIAR-10017: sigma_detect 4, threshold 4, k_level 1.
_PUBLISHED_CARD = DetectorCard(
    particle_px=32.0,
    normalization="published",
    map_units="published",
    sigma_px=4.0,
    threshold=4.0,
    score="prominence",
    # 1.5 radii of their box, which is about 1.4 particle diameters.
    border=1.05,
    licence="Academic use only; (c) 2018-2020 Nguyen, Ersoy, Bunyak, White and The Curators of "
    "University of Missouri. Not to be redistributed with napari-drpnet.",
    trained_on="EMPIAR-10005 (TRPV1), by the authors of DRPnet",
)


def import_published_detector(mat_file: Path, name: str = "published") -> Path:
    """Convert the FCRN of the authors to safetensors, in the folder of the user's weights.

    Parameters
    ----------
    mat_file : path
        ``cnet_1.mat`` of the DRPnet repository: five convolutions under ``#refs#``, each with
        ``Weights/Value`` in the order (out, in, width, height) and ``Bias/Value``.
    name : str
        Name of the imported weights.

    Returns
    -------
    path
        Weights file, whose card has the licence: academic use only.

    Raises
    ------
    InputFileError
        If the file is not this network.
    """
    import h5py
    import torch

    from napari_drpnet.picking.networks.fcrn import FCRN

    if not mat_file.is_file():
        raise InputFileError(mat_file, "there is no such file", "Check the name")
    module = FCRN()
    state = {}
    try:
        with h5py.File(mat_file) as file:
            for layer, key in _LAYERS.items():
                convolution = getattr(module, layer)
                kernel = _read(file, f"#refs#/{key}/Weights/Value", convolution.weight.numel())
                bias = _read(file, f"#refs#/{key}/Bias/Value", convolution.bias.numel())
                kernel = kernel.swapaxes(-1, -2).reshape(convolution.weight.shape)
                state[f"{layer}.weight"] = torch.from_numpy(kernel.copy())
                state[f"{layer}.bias"] = torch.from_numpy(bias.reshape(convolution.bias.shape))
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise InputFileError(
            mat_file, "not the published DRPnet detector", "Give the authors' models/cnet_1.mat"
        ) from error
    path = user_weights_folder() / f"{name}.safetensors"
    save_network(path, state, _PUBLISHED_CARD)
    return path


def _read(file: "h5py.File", name: str, count: int) -> NDArray[np.float32]:
    """Read a dataset of `count` numbers; a small file may claim one that fills the memory."""
    dataset = file[name]
    if getattr(dataset, "size", None) != count:
        raise ValueError(f"{name} does not have {count} numbers")
    return np.asarray(dataset, np.float32)
