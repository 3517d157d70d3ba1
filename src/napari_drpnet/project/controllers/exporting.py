"""Export of the points of a project, written to files in a thread."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from psygnal import Signal

from napari_drpnet.base.errors import InputFileError, UnknownPixelSizeError
from napari_drpnet.base.jobs import Job
from napari_drpnet.batch.folder.mask_files import SegmentedMicrograph
from napari_drpnet.batch.folder.outputs import default_box_size, explain
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.detection import particle_diameter_px
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.files.export import export_picks, preview_lines
from napari_drpnet.project.files.export_masks import MaskedMicrograph, export_masks
from napari_drpnet.project.files.export_options import ExportChoice, ExportOptions
from napari_drpnet.project.files.export_relion import relion_project
from napari_drpnet.project.files.export_report import ExportReport, selection_result
from napari_drpnet.project.files.exported_micrograph import ExportedMicrograph
from napari_drpnet.project.points.review import review_added, review_picks
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.stages.segmenting import plan_segmenting, segment_micrograph
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label, given_by
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.project.workspace import Workspace
from napari_drpnet.relion.lists import SELECTED, copy_micrographs_star

Asked = tuple[MicrographRecord, tuple[Label, ...]]

#: Name of the output folder if the user has chosen none.
FOLDER = "DRPnet"
CHOICE = "export.json"
_NO_LIST = f"{SELECTED} is made from RELION's list of micrographs: open that list, and export again"


class Exporter:
    """Writes the accepted points of micrographs.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose project is exported.
    current : CurrentMicrograph
        Micrograph that is shown.

    Attributes
    ----------
    choice : ExportChoice
        Export options of the user in this project, saved with the project.
    """

    finished = Signal(ExportReport)
    choice_changed = Signal()

    def __init__(self, workspace: Workspace, current: CurrentMicrograph) -> None:
        self._workspace, self._current = workspace, current
        self.choice = ExportChoice()
        workspace.project_changed.connect(self._recall)

    # ---- options

    def choose(self, **values: Any) -> None:
        """Change fields of `ExportChoice` by name, and save the choice with the project."""
        self.choice = ExportChoice.model_validate(self.choice.model_dump() | values)
        store = self._workspace.store
        if store is not None:
            with suppress(OSError):  # it is also in memory, and `Session` reports a full disk
                self.choice.save(store.folder / CHOICE)
        self.choice_changed.emit()

    @property
    def folder(self) -> Path | None:
        """Output folder; None while no project is open."""
        return self.choice.folder or self.default_folder

    @property
    def default_folder(self) -> Path | None:
        """Default output folder, in RELION's project folder or in that of this project.

        None while no project is open.
        """
        store, project = self._workspace.store, self._workspace.project
        star = project.settings.micrographs_star
        if store is None:
            return None
        names = (record.name for record in project.micrographs.values())
        return (relion_project(star, names) if star else store.folder) / FOLDER

    @property
    def box_size_px(self) -> int | None:
        """Side of the boxes in unbinned pixels; None while it and the diameter are unknown."""
        return self.choice.box_size_px or self.default_box_size_px

    @property
    def default_box_size_px(self) -> int | None:
        """Default side of the boxes in unbinned pixels; None while the diameter is unknown."""
        diameter = self._current.diameter_px
        return default_box_size(diameter) if diameter else None

    # ---- writing

    def export(
        self,
        folder: Path,
        options: ExportOptions,
        *,
        only_current: bool,
        replace_with_empty: Collection[Path] = (),
    ) -> None:
        """Export the micrograph that is shown, or all included ones that are picked.

        Parameters are those of `export_picks`; `only_current` selects the micrograph that is shown.
        """
        workspace = self._workspace
        if workspace.store is None or workspace.plan is None:
            workspace.notify(
                "warning", workspace.problem or "Open micrographs and pick them first."
            )
            return
        shown = [self._current.record] if self._current.record else []
        records = shown if only_current else workspace.included()
        asked = [(record, workspace.project.labels(record.id)) for record in records]
        unsized: list[str] = []
        picked = _gather(asked, workspace.plan, workspace.store, unsized)
        star = workspace.project.settings.micrographs_star
        write = partial(
            export_picks,
            folder,
            picked,
            options,
            micrographs_star=star,
            extend=only_current,
            replace_with_empty=frozenset(replace_with_empty),
            total=len(asked),
        )
        included = {record.name for record in workspace.included()}
        selected = included if options.selection else None
        parameters = workspace.project.settings.parameters
        assert parameters is not None  # there would be no plan
        segment = partial(_segment, workspace.cache, workspace.store, parameters, workspace.plan)
        masked = [_masked(record, partial(segment, record)) for record in records]
        work = partial(_export, write, star, selected, unsized, masked, options.masks)
        workspace.runner.submit("export", work, self._finish)

    def preview(self, options: ExportOptions) -> tuple[str, str]:
        """Return the name and the beginning of the file for the micrograph that is shown.

        Both are empty if it is not picked and nothing was added, or if its size is unknown.
        """
        current = self._current
        shape, diameter = current.shape, current.diameter_px
        if current.review is None or current.record is None or not current.has_points:
            return "", ""
        if shape is None or diameter is None:
            return "", ""
        accepted = current.review.accepted_coordinates(current.states)
        box = self._workspace.project.settings.peaks.border_box_px
        shown = ExportedMicrograph.of(current.record, accepted, shape, diameter, box)
        return preview_lines(shown, options)

    def _recall(self) -> None:
        store = self._workspace.store
        self.choice = ExportChoice.load(store.folder / CHOICE) if store else ExportChoice()
        self.choice_changed.emit()

    def _finish(self, report: ExportReport) -> None:
        if report.failed:
            more = f", and {len(report.failed) - 1} more" if len(report.failed) > 1 else ""
            text = f"The export is incomplete. {report.failed[0]}{more}. Your picks are safe: "
            remedy = "correct this or choose another folder, and export again."
            self._workspace.notify("error", text + remedy)
        self.finished.emit(report)


def _gather(
    asked: list[Asked], plan: Plan, store: ProjectStore, unsized: list[str]
) -> Iterator[ExportedMicrograph]:
    """Yield what is exported; append a message for each micrograph of unknown size to `unsized`.

    A micrograph that is not picked is exported if particles were added to it.
    """
    box = plan.parameters.peaks.border_box_px
    for record, labels in asked:
        stored = store.load_candidates(record.id)
        try:
            if stored is not None:
                shape, diameter = stored.shape, stored.diameter_px
                review = review_picks(stored.picks, labels, diameter)
            elif any(label.accepted for label in given_by("person", labels)):
                given = plan.parameters.particle.pixel_size_angstrom
                micrograph = read_micrograph(record.path, given, record.pixel_size_angstrom)
                shape = micrograph.shape
                diameter = particle_diameter_px(micrograph, plan.parameters)
                review = review_added(labels)
            else:
                continue
            accepted = review.accepted_coordinates(review.decide(plan.parameters))
            yield ExportedMicrograph.of(record, accepted, shape, diameter, box)
        except UnknownPixelSizeError:
            unsized.append(f"{record.name}: give its pixel size, which the file does not say")
        except InputFileError as error:
            unsized.append(str(error))


def _masked(
    record: MicrographRecord, segment: Callable[[Job], SegmentedMicrograph]
) -> MaskedMicrograph:
    return MaskedMicrograph(record.name, record.path, PurePosixPath(record.output), segment)


def _segment(
    cache: StageCache,
    store: ProjectStore,
    parameters: PickParameters,
    plan: Plan,
    record: MicrographRecord,
    job: Job,
) -> SegmentedMicrograph:
    """Segment a micrograph in the polarity that picking has found, if it is picked."""
    stored = store.load_candidates(record.id)
    alone = plan_segmenting(parameters, plan, stored.polarity if stored else None)
    if isinstance(alone, str):
        raise InputFileError(record.name, "it cannot be segmented", alone)
    return segment_micrograph(cache, record, alone, job)


def _export(
    write: Callable[..., ExportReport],
    micrographs_star: Path | None,
    selected: Collection[str] | None,
    unsized: list[str],
    masked: list[MaskedMicrograph],
    masks: tuple[str, ...],
    job: Job,
) -> ExportReport:
    report = write(job=job)
    report = replace(report, failed=(*report.failed, *unsized))
    if masks:
        report = export_masks(report, masked, masks, job)
    return report if selected is None else add_selection(report, micrographs_star, selected)


def add_selection(
    report: ExportReport, micrographs_star: Path | None, included: Collection[str]
) -> ExportReport:
    """Write ``micrographs_selected.star`` beside other exported files.

    Parameters
    ----------
    report : ExportReport
        Result of the export so far.
    micrographs_star : pathlib.Path or None
        RELION's list of micrographs, whose columns and optics groups are kept.
    included : collection of str
        Names of the micrographs to keep, picked or not.

    Returns
    -------
    ExportReport
        Result with this file added, or with the reason why it could not be written.
    """
    if micrographs_star is None:
        return replace(report, notes=(*report.notes, _NO_LIST))
    target = report.folder / SELECTED
    try:
        copy_micrographs_star(micrographs_star, target, included)
    except OSError as error:
        return replace(report, failed=(*report.failed, explain(error, SELECTED, report.folder)))
    except InputFileError as error:
        return replace(report, failed=(*report.failed, str(error)))
    result = selection_result(report.folder, relion_project(micrographs_star, included))
    return replace(report, files=(*report.files, target), results=(*report.results, result))
