"""All readers of files from outside, each with valid files, of which tests make damaged ones."""

import gzip
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import click
import h5py
import mrcfile
import numpy as np
import tifffile
from PIL import Image

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import CLASSES, Segmentation
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import PickedMicrograph
from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.folder.records import Ledger
from napari_drpnet.batch.results.curation import CurationRules, curate
from napari_drpnet.batch.results.summary import write_table
from napari_drpnet.cli.options import build_model
from napari_drpnet.cli.train import read_config
from napari_drpnet.formats import (
    FORMATS,
    Coordinates,
    read_class_map,
    read_coordinates,
    read_mask,
    read_segmentation,
    write_class_map,
    write_coordinates,
    write_segmentation,
)
from napari_drpnet.formats.programs.csv import write_candidates_csv
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.advice import Advice
from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.picking.networks.fcrn import FCRN
from napari_drpnet.picking.networks.matlab import import_published_detector
from napari_drpnet.picking.networks.weights import load_network, save_network
from napari_drpnet.picking.parameters import PeakParameters
from napari_drpnet.project.files.label_files import read_labels
from napari_drpnet.project.state.edits import (
    MicrographEdit,
    MicrographRecord,
    Settings,
    SettingsEdit,
)
from napari_drpnet.project.state.model import Project
from napari_drpnet.project.storage.snapshot import Snapshot
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.quality.assess import JobChoice, assess
from napari_drpnet.quality.summary import quality_to_json
from napari_drpnet.relion.lists import (
    MicrographEntry,
    copy_micrographs_star,
    read_index,
    read_micrographs_star,
)
from napari_drpnet.simulation import read_structure
from napari_drpnet.training.common.recipe import DetectorRecipe
from relion_jobs import CLASS2D, JOB, LOCAL, POSTPROCESS, SELECT, write_project


@dataclass(frozen=True)
class Reader:
    """A reader, and valid files that it reads."""

    read: Callable[[Path], Any]
    suffix: str
    seeds: tuple[bytes, ...]


def make_readers(folder: Path) -> dict[str, Reader]:
    """Make valid files in a folder, and return all readers with them."""
    readers = _coordinate_readers(folder) | _list_readers() | _image_readers(folder)
    readers |= _mask_readers(folder) | _quality_readers(folder)
    return readers | _other_readers(folder)


_PICKS = Coordinates(
    np.array([[10.0, 20.0], [30.25, 40.5], [5.0, 6.0]]),
    np.array([0.5, np.nan, 2.0]),
    ("a.mrc", "b c.mrc", "a.mrc"),
    32.0,
    np.arange(3),
)


def _coordinate_readers(folder: Path) -> dict[str, Reader]:
    readers = {}
    for name, each in FORMATS.items():
        if not each.read or name == "relion-index":
            continue
        rows = 100 if each.from_last_row else None
        seeds = [_cs_dataset()] if each.suffix == ".cs" else []
        if each.write:
            path = folder / f"picks{each.suffix}"
            write_coordinates(path, _PICKS, (100, 100), name, rows=rows)
            seeds.append(path.read_bytes())
        seeds += _FOREIGN.get(name, ())
        readers[f"coordinates {name}"] = Reader(
            lambda path, name=name, rows=rows: read_coordinates(path, name, rows),
            each.suffix,
            tuple(seeds),
        )
    return readers


#: Files of other programs in formats that we write in another way or not at all.
_FOREIGN = {
    "eman": (b"100 100 64 64 -1\n300 250 64 64 0\n500 400 64 64 -2\n", b"10 20\n30 40\n"),
    "cryolo": (b"10 20 30 30 0.5\n40 50 30 30 0.25\n",),
    "topaz": (b"image_name\tx_coord\ty_coord\na\t1\t2\nb\t3\t4\n",),
    "csv": (b"x,y,label\n1,2,1\n",),
    "eman2": (b'{"boxes": [[1, 2.5, "manual"], [3, 4, "auto_local", 0.5]], "ctf": [1, null]}',),
    "xmipp": (
        b"# XMIPP_STAR_1 *\n#\ndata_header\nloop_\n _pickingMicrographState\nManual\n"
        b"data_particles\nloop_\n _xcoor\n _ycoor\n 1 2\n"
        b"data_particles_auto\nloop_\n _enabled\n _xcoor\n _ycoor\n _cost\n 1 3 4 0.5\n",
    ),
    "relion": (
        b"data_optics\n\nloop_\n_rlnOpticsGroup #1\n1\n\ndata_particles\n\nloop_\n"
        b"_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnHelicalTubeID #3\n"
        b"_rlnMicrographName #4\n1.5 2.5 1 a.mrc\n3 4 2 'b c.mrc'\n",
    ),
}


def _cs_dataset() -> bytes:
    kinds = [
        ("location/center_x_frac", "<f4"),
        ("location/center_y_frac", "<f4"),
        ("location/micrograph_shape", "<u4", (2,)),
        ("location/micrograph_path", "S16"),
    ]
    rows = [(0.5, 0.25, (100, 200), b"a.mrc"), (0.125, 0.75, (100, 200), b"J1/b.mrc")]
    file = BytesIO()
    np.save(file, np.array(rows, dtype=kinds), allow_pickle=False)
    return file.getvalue()


def _read_listed(path: Path) -> None:
    """Read an index whose coordinate files are there."""
    (path.parent / "AutoPick/job010").mkdir(parents=True, exist_ok=True)
    for name in "ab":
        write_coordinates(path.parent / f"AutoPick/job010/{name}_autopick.star", _PICKS)
    read_coordinates(path)


_MICROGRAPHS = (
    b"\n# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n"
    b"_rlnMicrographPixelSize #3\nopticsGroup1 1 1.06\nopticsGroup2 2 2.12\n\n"
    b"# version 30001\n\ndata_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnOpticsGroup #2\n"
    b"_rlnDefocusU #3\n_rlnDefocusV #4\nMotionCorr/job002/a.mrc 1 10000 11000\n"
    b"'MotionCorr/job002/b c.mrc' 2 nan 11000\n"
)
_OLD_MICROGRAPHS = (
    b"data_\nloop_\n_rlnMicrographName #1\n_rlnMagnification #2\n_rlnDetectorPixelSize #3\n"
    b"a.mrc 40000 5.0\nb.mrc 40000 5.0\n"
)
_INDEX = (
    b"data_coordinate_files\n\nloop_\n_rlnMicrographName #1\n_rlnMicrographCoordinates #2\n"
    b"a.mrc AutoPick/job010/a_autopick.star\nb.mrc AutoPick/job010/b_autopick.star\n"
)


def _list_readers() -> dict[str, Reader]:
    lists = (_MICROGRAPHS, _OLD_MICROGRAPHS)
    labels_csv = b"micrograph,x,y,label,source,anchor_x,anchor_y\na,1.0,2.0,accepted,person,,\n"
    labels_star = (
        b"data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n_drpnetLabel\n"
        b"a.mrc 1 2 accepted\nb.mrc 3 4 0\n"
    )

    def copy(path: Path) -> None:
        copy_micrographs_star(path, path.with_suffix(".copy"), {"MotionCorr/job002/a.mrc", "a.mrc"})

    return {
        "micrographs": Reader(read_micrographs_star, ".star", lists),
        "micrographs copied": Reader(copy, ".star", lists),
        "index": Reader(read_index, ".star", (_INDEX,)),
        "index of picks": Reader(_read_listed, ".star", (_INDEX,)),
        "labels csv": Reader(read_labels, ".csv", (labels_csv,)),
        "labels star": Reader(read_labels, ".star", (labels_star,)),
    }


def _image_readers(folder: Path) -> dict[str, Reader]:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 48)).astype(np.uint8)
    with mrcfile.new(folder / "image.mrc") as file:
        file.set_data(pixels.astype(np.float32))
        file.voxel_size = 1.5
    mrc = (folder / "image.mrc").read_bytes()
    tifffile.imwrite(folder / "image.tif", pixels)
    tifffile.imwrite(folder / "packed.tif", pixels, compression="zlib", tile=(16, 16))
    tiffs = tuple((folder / name).read_bytes() for name in ("image.tif", "packed.tif"))
    pictures = []
    for name in ("image.png", "image.jpg"):
        Image.fromarray(pixels).save(folder / name)
        pictures.append((folder / name).read_bytes())
    packed = gzip.compress(mrc, mtime=0)
    return {
        "mrc": Reader(read_micrograph, ".mrc", (mrc,)),
        "mrc gz": Reader(read_micrograph, ".mrc.gz", (packed,)),
        "tiff": Reader(read_micrograph, ".tif", tiffs),
        "picture": Reader(read_micrograph, ".png", tuple(pictures)),
    }


def _mask_readers(folder: Path) -> dict[str, Reader]:
    classes = np.random.default_rng(0).integers(0, 4, (20, 24)).astype(np.uint8)
    write_class_map(folder / "classes.png", classes)
    Image.fromarray((classes > 1).astype(np.uint8)).save(folder / "mask.png")
    np.savez(folder / "mask.npz", (classes > 1).astype(np.uint8))
    probability = np.full((len(CLASSES), 20, 24), 0.25, np.float32)
    segmentation = Segmentation(probability, Frame((40, 48), (20, 24)), 9.0, "0" * 64)
    write_segmentation(folder / "s.npz", segmentation)
    names = ("classes.png", "mask.png", "mask.npz", "s.npz")
    png, mask, npz, segmented = ((folder / name).read_bytes() for name in names)

    def read_the_mask(path: Path) -> None:
        read_mask(path, (40, 48), flip_rows=False)

    return {
        "class map": Reader(read_class_map, ".png", (png,)),
        "mask": Reader(read_the_mask, ".png", (mask,)),
        "mask npz": Reader(read_the_mask, ".npz", (npz,)),
        "segmentation": Reader(read_segmentation, ".npz", (segmented,)),
    }


#: Files of RELION's jobs that are read for the quality of picks.
_JOB_FILES = {
    "refined particles": f"{JOB}/run_data.star",
    "sampling": f"{JOB}/run_sampling.star",
    "model": f"{JOB}/run_model.star",
    "optimiser": f"{JOB}/run_it010_optimiser.star",
    "half map": f"{JOB}/run_half1_class001_unfil.mrc",
    "postprocess": f"{POSTPROCESS}/postprocess.star",
    "local resolution": f"{LOCAL}/relion_locres.mrc",
    "classes": f"{CLASS2D}/run_it025_model.star",
    "selection": f"{SELECT}/class_averages.star",
}


def _quality_readers(folder: Path) -> dict[str, Reader]:
    project = write_project(folder / "project", count=100)
    jobs = [project / job for job in (POSTPROCESS, SELECT, LOCAL, CLASS2D)]

    def reader(file: str) -> Reader:
        place = project / file
        whole = place.read_bytes()

        def read(path: Path) -> None:
            try:
                shutil.copy(path, place)
                for choice in (JobChoice(project / JOB), JobChoice(project / JOB, *jobs)):
                    json.dumps(quality_to_json([assess(choice)]), allow_nan=False)
            finally:
                place.write_bytes(whole)

        return Reader(read, place.suffix, (whole,))

    return {name: reader(file) for name, file in _JOB_FILES.items()}


_PDB = b"".join(
    b"ATOM  %5d  C   ALA A%4d    %8.3f%8.3f%8.3f  1.00  0.00           C\n" % (k, k, 9 * k, k, -k)
    for k in range(1, 6)
)
_CIF_LABELS = (
    *("group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id"),
    *("label_asym_id", "label_entity_id", "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z"),
    *("auth_asym_id", "auth_seq_id", "pdbx_PDB_model_num"),
)
_CIF = (
    "data_x\nloop_\n"
    + "".join(f"_atom_site.{label}\n" for label in _CIF_LABELS)
    + "ATOM 1 C CA . ALA A 1 1 1.0 2.0 3.0 A 1 1\nATOM 2 N N . GLY A 1 2 11.0 2.0 3.0 A 2 1\n"
).encode()


def _other_readers(folder: Path) -> dict[str, Reader]:
    about = {"particle_px": 9, "licence": "BSD-3-Clause", "trained_on": "nothing"}
    weights = folder / "weights.safetensors"
    save_network(weights, FCRN().state_dict(), DetectorCard(threshold=1.5, **about))
    with mrcfile.new(folder / "map.mrc") as file:
        file.set_data(np.random.default_rng(0).random((6, 7, 8)).astype(np.float32))
        file.voxel_size = 3.0

    def load(path: Path) -> None:
        load_network(str(path), "detector")

    def scaled(path: Path) -> None:
        read_structure(path).scaled_to(100.0)

    density = (folder / "map.mrc").read_bytes()
    return {
        "weights": Reader(load, ".safetensors", (weights.read_bytes(),)),
        "published weights": Reader(_import_published, ".mat", (_published_weights(folder),)),
        "pdb": Reader(scaled, ".pdb", (_PDB,)),
        "mmcif": Reader(scaled, ".cif", (_CIF,)),
        "density": Reader(scaled, ".map", (density,)),
        "density gz": Reader(scaled, ".map.gz", (gzip.compress(density, mtime=0),)),
        "recipe": Reader(_read_recipe, ".json", (json.dumps({"seed": 1, "lr": 0.1}).encode(),)),
        "project": Reader(_open_project, ".json", (_snapshot(),)),
        "journal": Reader(_replay, ".jsonl", (_journal(),)),
        "record": Reader(_read_record, ".json", (_record(),)),
    }


def _published_weights(folder: Path) -> bytes:
    """Return weights as MATLAB writes those of the authors of DRPnet."""
    shapes = [(32, 1, 9, 9), (32, 32, 3, 3), (32, 32, 7, 1), (32, 32, 1, 7), (1, 32, 3, 3)]
    with h5py.File(folder / "published.mat", "w") as file:
        for key, shape in zip("dfhjm", shapes, strict=True):
            file[f"#refs#/{key}/Weights/Value"] = np.zeros(shape, np.float32)
            file[f"#refs#/{key}/Bias/Value"] = np.zeros((1, 1, shape[0]), np.float32)
    return (folder / "published.mat").read_bytes()


def _import_published(path: Path) -> None:
    with TemporaryDirectory() as folder, patch.dict(os.environ, DRPNET_WEIGHTS=folder):
        import_published_detector(path)


def _read_recipe(path: Path) -> None:
    with suppress(click.UsageError):
        build_model(DetectorRecipe, {}, read_config(path))


_SETTINGS = SettingsEdit(before=Settings(), after=Settings(peaks=PeakParameters(sigma_px=2.0)))


def _micrographs() -> MicrographEdit:
    record = MicrographRecord(
        id="m0001",
        name="a.mrc",
        path=Path("/data/a.mrc").absolute(),
        output="a",
        pixel_size_angstrom=1.06,
        defocus_angstrom=None,
    )
    return MicrographEdit(before=(), after=(record,))


def _snapshot() -> bytes:
    project = Project()
    project.apply(_micrographs())
    project.apply(_SETTINGS)
    return Snapshot(last_edit=2, project=project.state).model_dump_json().encode()


def _journal() -> bytes:
    edits = (_micrographs(), _SETTINGS)
    lines = [
        json.dumps({"n": n, "edit": e.model_dump(mode="json")}) for n, e in enumerate(edits, 1)
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _open_project(path: Path) -> None:
    """Open a project with this snapshot, and read what windows read of it."""
    with TemporaryDirectory(dir=path.parent) as folder:
        shutil.copy(path, Path(folder, "project.json"))
        store, project = ProjectStore.open(folder)
        store.close(project)


def _replay(path: Path) -> None:
    with TemporaryDirectory(dir=path.parent) as folder:
        shutil.copy(path, Path(folder, "journal.jsonl"))
        store, project = ProjectStore.open(folder)
        store.close(project)


def _record() -> bytes:
    result = PickedMicrograph(
        name="a.mrc",
        files=("a_autopick.star",),
        accepted=1,
        above_threshold=2,
        diameter_px=30.0,
        pixel_size_angstrom=1.06,
        polarity="dark",
        polarity_confidence=0.9,
        seconds=1.5,
        accept=0.5,
        fom_quantiles=(0.1, 0.2, 0.3, 0.4, 0.5),
        advice=(Advice("polarity", "Set it"),),
    )
    candidates = {
        "centers_yx": [[1.0, 2.0], [3.0, 4.0]],
        "height": [1.0, 2.0],
        "prominence": [1.0, 2.0],
        "probability": [0.25, None],
        "accepted": [True, False],
    }
    source = {"name": "a.mrc", "path": os.path.abspath(__file__)}
    content = {"version": "0.1.0", "settings": {}, "source": source, "candidates": candidates}
    return json.dumps(content | {"result": result.model_dump(mode="json")}).encode()


def _read_record(path: Path) -> None:
    """Read an output folder with this record as reports, tables and resumed runs do."""
    with TemporaryDirectory(dir=path.parent) as name:
        folder = Path(name)
        records = folder / ".drpnet"
        records.mkdir()
        shutil.copy(path, records / "a.json")
        (folder / "a_autopick.star").touch()
        entry = BatchEntry(MicrographEntry("a.mrc", Path(__file__)), PurePath("a"))
        ledger = Ledger(Outputs(folder), {})
        results = list(ledger.results([entry]))
        write_table(folder / "summary.csv", results)
        write_candidates_csv(folder / "candidates.csv", ledger.candidates([entry]))
        ledger.find(entry)
        ledger.find_other(entry)
        curate(folder, folder / "selected.star", CurationRules())
        ledger.reopen(entry)
