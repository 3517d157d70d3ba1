"""Files of class maps and of true ones, brought together by micrograph."""

from pathlib import Path, PurePosixPath

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.base.wording import listed
from napari_drpnet.evaluation.class_scores import ClassEvaluation, evaluate_classes
from napari_drpnet.formats import read_class_map
from napari_drpnet.formats.masks.pixels import require_aspect
from napari_drpnet.formats.micrograph_names import match_names, shortener

#: Endings of files of class maps, the first of which is preferred.
ENDINGS = tuple(
    f"{name}{suffix}"
    for name, suffix in (
        *(("_segmentation", ".npz"), ("_classes", ".png"), ("_classes", ".mrc")),
        *(("_classes", ".tif"), ("_classes", ".tiff"), ("", ".png"), ("", ".mrc")),
        *(("", ".tif"), ("", ".tiff"), ("", ".npz")),
    )
)

ClassFiles = dict[str, Path]


def evaluate_class_files(
    found: AnyPath, truth: AnyPath, rows_of_truth: int | None = None
) -> dict[str, ClassEvaluation]:
    """Compare files of class maps with true ones.

    Parameters
    ----------
    found, truth : path-like
        Class map, or folder that is searched recursively for them. Files are paired by the name of
        the micrograph, to which one of `ENDINGS` is added; see `match_names`. Two single files are
        always paired.
    rows_of_truth : int, optional
        Number of rows of the true class maps, which are then mirrored top to bottom.

    Returns
    -------
    dict of str to ClassEvaluation
        Evaluation of each micrograph with a true class map and a found one.

    Raises
    ------
    InputFileError
        If a file cannot be used, a folder has no class map, a true class map has no found one, or
        the aspect ratios of two differ.
    """
    pairs = _paired(Path(found), Path(truth))
    return {name: _evaluate(*files, rows_of_truth) for name, files in pairs.items()}


def _evaluate(found: Path, truth: Path, rows_of_truth: int | None) -> ClassEvaluation:
    classes = read_class_map(found)
    true = read_class_map(truth, flip_rows=True if rows_of_truth else None)
    if rows_of_truth and len(true) != rows_of_truth:
        reason = f"has {len(true)} rows, not {rows_of_truth}"
        raise InputFileError(truth, reason, "Give its own number of rows")
    small, large = sorted([(len(classes), classes.shape[1]), (len(true), true.shape[1])])
    smaller = found if small == (len(classes), classes.shape[1]) else truth
    require_aspect(smaller, small, large, whole="class map of the other side")
    return evaluate_classes(classes, true)


def _paired(found: Path, truth: Path) -> dict[str, tuple[Path, Path]]:
    if not found.is_dir() and not truth.is_dir():
        return {found.name: (found, truth)}
    ours, theirs = _class_files(found), _class_files(truth)
    found_of = {true: name for name, true in match_names(ours, theirs).found.items()}
    short = shortener(ours, theirs)
    missing = [short(name) for name in theirs if name not in found_of]
    if missing:
        reason = f"has no class map of {listed(missing)}"
        raise InputFileError(found, reason, "Add it, or leave it out of the truth")
    return {short(name): (ours[found_of[name]], theirs[name]) for name in sorted(theirs)}


def _class_files(source: Path) -> ClassFiles:
    if not source.is_dir():
        return {str(_bare(PurePosixPath(source.name))): source}
    files: ClassFiles = {}
    for ending in reversed(ENDINGS):
        for file in sorted(source.rglob(f"*{ending}")):
            below = PurePosixPath(file.relative_to(source).as_posix())
            if not any(part.startswith(".") for part in below.parts):
                files[str(_bare(below))] = file
    if not files:
        kinds = ", ".join(dict.fromkeys(Path(f"a{ending}").suffix for ending in ENDINGS))
        raise InputFileError(source, f"no class map ({kinds}) in this folder", "Check its name")
    return files


def _bare(name: PurePosixPath) -> PurePosixPath:
    for ending in ENDINGS:
        if name.name.endswith(ending) and name.name != ending:
            return name.with_name(name.name.removesuffix(ending))
    return name
