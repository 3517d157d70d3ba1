"""Folders of default weights for tests."""

from napari_drpnet.picking.networks.card import ClassifierCard
from napari_drpnet.picking.networks.weights import save_network


def write_weights(folder, toy_weights, classifier, **about):
    """Make a folder with the toy detector and a classifier for patches of 16 pixels."""
    folder.mkdir()
    name = "detector-default.safetensors"
    (folder / name).write_bytes((toy_weights / name).read_bytes())
    card = ClassifierCard(
        particle_px=9,
        patch_px=16,
        pool_stride=1,
        accept=0.5,
        licence="BSD-3-Clause",
        trained_on="nothing",
        **about,
    )
    save_network(folder / "classifier-default.safetensors", classifier.state_dict(), card)
