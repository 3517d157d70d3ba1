"""`drpnet quality`: judge picks by what RELION's jobs made of them."""

import json
from pathlib import Path

import click

from napari_drpnet.cli.numbers import positive
from napari_drpnet.cli.output import echo
from napari_drpnet.cli.progress import StageBar

_JOB = click.Path(path_type=Path)


@click.command()
@click.argument("job", metavar="JOB", type=_JOB)
@click.option(
    "--postprocess",
    type=_JOB,
    metavar="JOB",
    multiple=True,
    help="PostProcess job: corrected FSC, mask",
)
@click.option("--select", type=_JOB, metavar="JOB", multiple=True, help="Select job: good classes")
@click.option("--classes", type=_JOB, metavar="JOB", multiple=True, help="Class2D job: 2D classes")
@click.option(
    "--local-resolution",
    type=_JOB,
    metavar="JOB",
    multiple=True,
    help="LocalRes job: local resolution",
)
@click.option("--compare", type=_JOB, metavar="JOB", help="Another refinement to compare with")
@click.option(
    "--refined",
    type=_JOB,
    metavar="JOB",
    multiple=True,
    help="PostProcess job of a refinement of a random subset; may be repeated",
)
@click.option(
    "--reconstruct",
    is_flag=True,
    help="Reconstruct random subsets with the angles of the full set, without --refined",
)
@click.option(
    "--truth",
    type=_JOB,
    metavar="FILE|FOLDER",
    help="True centres, for the precision of each 2D class",
)
@click.option(
    "--diameter",
    type=positive,
    metavar="Å",
    help="Particle diameter [default: that of the mask of the refinement]",
)
@click.option(
    "--out", type=_JOB, metavar="FOLDER", help="Folder for the results [default: JOB/quality]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON, not as a table")
def command(
    job: Path,
    postprocess: tuple[Path, ...],
    select: tuple[Path, ...],
    classes: tuple[Path, ...],
    local_resolution: tuple[Path, ...],
    compare: Path | None,
    refined: tuple[Path, ...],
    reconstruct: bool,
    truth: Path | None,
    diameter: float | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Judge picks by JOB, a Refine3D, Class3D or Class2D job of RELION that used them.

    Prints the number of particles and of views, the efficiency of their distribution, the
    resolution and the number of good 2D classes, and writes quality.html, quality.json and figures.

    With --compare, give --postprocess, --select, --classes and --local-resolution twice: first that
    of JOB, then that of the other job.
    """
    from napari_drpnet.quality.assess import JobChoice, assess_all
    from napari_drpnet.quality.report import write_quality
    from napari_drpnet.quality.summary import format_quality, quality_to_json

    jobs = [job] if compare is None else [job, compare]
    if refined and reconstruct:
        raise click.UsageError("--refined and --reconstruct exclude each other")
    given = {
        "postprocess": postprocess,
        "select": select,
        "classes": classes,
        "local_resolution": local_resolution,
    }
    for name, values in given.items():
        if len(values) > len(jobs):
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} is given {len(values)} times for {len(jobs)} jobs")
    choices = []
    for place, each in enumerate(jobs):
        own = {name: values[place] for name, values in given.items() if place < len(values)}
        choice = JobChoice(
            each,
            **own,
            truth=truth,
            refined=refined if place == 0 else (),
            reconstruct=reconstruct,
            diameter_angstrom=diameter,
        )
        choices.append(choice)
    with StageBar() as bar:
        qualities = assess_all(choices, bar)
    paths = write_quality(qualities, out or job / "quality")
    if as_json:
        echo(json.dumps(quality_to_json(qualities)))
    else:
        echo(f"{format_quality(qualities)}\n\nReport: {paths[0]}")
