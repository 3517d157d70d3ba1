"""Sample data for napari's menu File › Open Sample."""

from dataclasses import replace

from napari_drpnet.base.geometry import pixels_from_angstrom
from napari_drpnet.formats import read_coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.plugin.napari_hooks.reader import LayerData, image_layer, points_layer
from napari_drpnet.simulation.sample import (
    SAMPLE_DIAMETER_ANGSTROM,
    SAMPLE_PARAMETERS,
    sample_files,
)


def simulated_micrograph() -> list[LayerData]:
    """Return the layers of the sample micrograph: the image, and rings at its true particles.

    Raises
    ------
    OSError
        If the sample cannot be written to disk; see
        `napari_drpnet.simulation.sample.sample_files`.
    """
    micrograph_file, truth_file = sample_files()
    micrograph = read_micrograph(micrograph_file)
    pixel_size = SAMPLE_PARAMETERS.pixel_size_angstrom
    diameter_px = pixels_from_angstrom(SAMPLE_DIAMETER_ANGSTROM, pixel_size)
    truth = replace(read_coordinates(truth_file), box_size_px=diameter_px)
    data, attributes, kind = points_layer(truth, "truth", pixel_size)
    metadata = {"path": str(truth_file), "shape": micrograph.shape}
    return [image_layer(micrograph), (data, attributes | {"metadata": metadata}, kind)]
