"""Import of the published detector from the authors' own MATLAB file."""

from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.picking.networks.weights import save_network, user_weights_folder

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
    """Convert the authors' FCRN to safetensors among the user's own weights.

    Parameters
    ----------
    mat_file : path
        ``cnet_1.mat`` of the DRPnet repository: five convolutions under ``#refs#``, each with
        ``Weights/Value`` in the order (out, in, width, height) and ``Bias/Value``.
    name : str
        What to call them.

    Returns
    -------
    path
        The file written; its card notes the licence: academic use only.

    Raises
    ------
    InputFileError
        When the file is not that network.
    """
    import h5py
    import numpy as np
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
                kernel = np.asarray(file[f"#refs#/{key}/Weights/Value"], np.float32)
                bias = np.asarray(file[f"#refs#/{key}/Bias/Value"], np.float32)
                kernel = kernel.swapaxes(-1, -2).reshape(convolution.weight.shape)
                state[f"{layer}.weight"] = torch.from_numpy(kernel.copy())
                state[f"{layer}.bias"] = torch.from_numpy(bias.reshape(convolution.bias.shape))
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputFileError(
            mat_file, "not the published DRPnet detector", "Give the authors' models/cnet_1.mat"
        ) from error
    path = user_weights_folder() / f"{name}.safetensors"
    save_network(path, state, _PUBLISHED_CARD)
    return path
