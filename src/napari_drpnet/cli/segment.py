"""`drpnet segment`: find the classes of micrographs, and write masks of dirt."""

from typing import Any, Literal, get_args

import click

from napari_drpnet.batch import Outputs
from napari_drpnet.cli.batch_options import (
    EXIT_CODES,
    BatchOptions,
    all_masks,
    batch_options,
    mask_options,
    sources_and_folder,
)
from napari_drpnet.cli.batch_run import Wording, run_batch
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.segment_report import describe, summarize
from napari_drpnet.picking.loading import segmenting_only
from napari_drpnet.picking.parameters import PickParameters

#: Fields of `PickParameters` that a segmentation depends on, and the device.
_FIELDS = (
    *("diameter_angstrom", "pixel_size_angstrom", "device", "precision"),
    *("dirt_probability", "least_speck"),
)
_Polarity = Literal["dark", "bright"]


@click.command(epilog=EXIT_CODES)
@sources_and_folder
@model_options(PickParameters, _FIELDS)
@click.option(
    "--polarity",
    type=click.Choice(get_args(_Polarity)),
    default="dark",
    show_default=True,
    help="Particles are dark (cryo) or bright (negative stain) on their background",
)
@click.option(
    "--segmenter",
    default="default",
    show_default=True,
    metavar="TEXT",
    help="Segmenter weights: a name or a .safetensors file",
)
@mask_options("--format", default="mrc,png")
@batch_options
def command(segmenter: str, masks: tuple[str, ...], full_size: bool, **values: Any) -> None:
    """Segment micrographs into background, particles, ice and carbon.

    The arguments are those of drpnet pick. The masks say where ice and carbon are; drpnet pick
    --mask OUT rejects the picks there, and so do other programs with these files.

    The files of each micrograph are written as soon as it is segmented, so a run that was stopped
    or killed can continue with --resume. With --watch it always resumes, until Ctrl-C or until the
    stop file exists.
    """
    options = BatchOptions.of(values)
    parameters = segmenting_only(build_model(PickParameters, values | {"segmenter": segmenter}))
    outputs = Outputs(options.out, formats=(), masks=all_masks(masks, full_size))
    run_batch(options, parameters, outputs, Wording(describe, summarize))
