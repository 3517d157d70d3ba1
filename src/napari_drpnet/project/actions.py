"""Table of the actions behind keys, buttons and menu entries."""

from collections.abc import Callable
from dataclasses import dataclass

from napari_drpnet.project.session import Session

_BRUSH_STEP = 1.25


@dataclass(frozen=True)
class Action:
    """Action that the user can start with a key, button or menu entry.

    Parameters
    ----------
    name : str
        Stable name for code and the command palette.
    title : str
        Title for buttons and menus.
    tooltip : str
        Description as a sentence without a full stop.
    key : str
        Key binding as napari writes it; empty if there is none.
    run : callable
        Function that performs the action.
    """

    name: str
    title: str
    tooltip: str
    key: str
    run: Callable[[Session], None]

    @property
    def hint(self) -> str:
        """Tooltip with the key."""
        return f"{self.tooltip} [{self.key}]" if self.key else self.tooltip


def _toggle(name: str) -> Callable[[Session], None]:
    def toggle(session: Session) -> None:
        setattr(session.view, name, not getattr(session.view, name))

    return toggle


def _toggle_editing(session: Session) -> None:
    session.view.tool = "click" if session.view.tool == "look" else "look"


def _toggle_lowpass(session: Session) -> None:
    display = session.view.display
    session.view.display = display.model_copy(update={"lowpass": not display.lowpass})


ACTIONS = {
    action.name: action
    for action in (
        Action(
            "pick",
            "Pick",
            "Find the particles of the micrograph that is shown",
            "Control-Enter",
            lambda session: session.picking.pick_current(),
        ),
        Action(
            "pick_all",
            "Pick all",
            "Find the particles of all included micrographs",
            "",
            lambda session: session.picking.pick_all(),
        ),
        Action(
            "cancel",
            "Cancel",
            "Stop picking; finished micrographs are kept",
            "",
            lambda session: session.picking.cancel(),
        ),
        Action(
            "segment",
            "Segment",
            "Find background, particles, ice and carbon in the micrograph that is shown",
            "",
            lambda session: session.segmenting.segment_current(),
        ),
        Action(
            "cancel_segmenting",
            "Cancel segmenting",
            "Stop segmenting",
            "",
            lambda session: session.segmenting.cancel(),
        ),
        Action(
            "next",
            "Next micrograph",
            "Show the next micrograph of the list",
            "N",
            lambda session: session.step(1),
        ),
        Action(
            "previous",
            "Previous micrograph",
            "Show the previous micrograph of the list",
            "B",
            lambda session: session.step(-1),
        ),
        Action("undo", "Undo", "Undo the last edit", "Control-Z", Session.undo),
        Action("redo", "Redo", "Redo the last undone edit", "Control-Shift-Z", Session.redo),
        Action(
            "doubt",
            "Most uncertain next",
            "Show the most uncertain point, then the next",
            "U",
            lambda session: session.selection.show_doubt(),
        ),
        Action(
            "accept_selected",
            "Accept",
            "Accept the selected points; after the uncertain one, show the next",
            "G",
            lambda session: session.selection.label(True),
        ),
        Action(
            "reject_selected",
            "Reject",
            "Reject the selected points; after the uncertain one, show the next",
            "F",
            lambda session: session.selection.label(False),
        ),
        Action(
            "forget_selected",
            "Take back",
            "Remove your labels of the selected points, so that the model decides again",
            "",
            lambda session: session.selection.take_back(),
        ),
        Action(
            "find_similar",
            "Find similar",
            "Find what looks like the particles that you have added or accepted, at least five",
            "",
            lambda session: session.similar.find(),
        ),
        Action(
            "discard_similar",
            "Discard",
            "Pick as before Find similar",
            "",
            lambda session: session.similar.discard(),
        ),
        Action(
            "label_automatically",
            "Label automatically",
            "Label the strongest and the weakest picks of all included micrographs automatically",
            "",
            lambda session: session.labeller.label_automatically(),
        ),
        Action(
            "cancel_labelling",
            "Cancel labelling",
            "Stop automatic labelling without changing any label",
            "",
            lambda session: session.labeller.cancel(),
        ),
        Action(
            "forget_automatic",
            "Remove automatic",
            "Remove all automatic labels; your own are kept",
            "",
            lambda session: session.labeller.forget_automatic(),
        ),
        Action(
            "train",
            "Train",
            "Train the networks on labels; nothing changes until you keep the result",
            "",
            lambda session: session.learner.train(),
        ),
        Action(
            "cancel_training",
            "Cancel training",
            "Stop training; the networks stay as they are",
            "",
            lambda session: session.learner.cancel(),
        ),
        Action(
            "show_changed",
            "Next change",
            "Show the next point that the trained networks would change",
            "",
            lambda session: session.learner.show_changed(),
        ),
        Action(
            "keep_trained",
            "Keep",
            "Pick with the trained networks from now on",
            "",
            lambda session: session.learner.keep(),
        ),
        Action(
            "discard_trained",
            "Discard",
            "Discard the trained networks",
            "",
            lambda session: session.learner.discard(),
        ),
        Action(
            "learn",
            "Learn",
            "Train the segmenter on the strokes; nothing changes until you keep the result",
            "",
            lambda session: session.stroke_learner.train(),
        ),
        Action(
            "cancel_learning",
            "Cancel learning",
            "Stop training; the segmenter stays as it is",
            "",
            lambda session: session.stroke_learner.cancel(),
        ),
        Action(
            "keep_learned",
            "Keep segmenter",
            "Segment with the trained segmenter from now on",
            "",
            lambda session: session.stroke_learner.keep(),
        ),
        Action(
            "discard_learned",
            "Discard segmenter",
            "Discard the trained segmenter",
            "",
            lambda session: session.stroke_learner.discard(),
        ),
        Action(
            "next_wrong",
            "Next wrong",
            "Show the next accepted pick that is no true particle, and select it",
            "",
            lambda session: session.comparison.show_next_wrong(),
        ),
        Action(
            "next_missed",
            "Next missed",
            "Show the next true particle that has no accepted pick",
            "",
            lambda session: session.comparison.show_next_missed(),
        ),
        Action(
            "edit",
            "Edit with the mouse",
            "Switch between correcting points and moving the view with the mouse",
            "E",
            _toggle_editing,
        ),
        Action(
            "smaller_brush",
            "Smaller brush",
            "Make the brush smaller",
            "[",
            lambda session: session.view.scale_brush(1 / _BRUSH_STEP),
        ),
        Action(
            "larger_brush",
            "Larger brush",
            "Make the brush larger",
            "]",
            lambda session: session.view.scale_brush(_BRUSH_STEP),
        ),
        Action("points", "Picks", "Show or hide all picks", "H", _toggle("show_points")),
        Action(
            "rejected",
            "Rejected picks",
            "Show or hide rejected picks",
            "R",
            _toggle("show_rejected"),
        ),
        Action(
            "map",
            "Detector map",
            "Show or hide the map of the detector: distance map, or P(particle) of a segmenter",
            "D",
            _toggle("show_map"),
        ),
        Action(
            "boxes",
            "Box of a pick",
            "Show or hide the box of the pick under the mouse, and those of selected picks",
            "",
            _toggle("show_boxes"),
        ),
        Action(
            "classes",
            "Classes",
            "Show or hide the classes of the segmenter: particle, ice and carbon",
            "K",
            _toggle("show_classes"),
        ),
        Action(
            "lowpass",
            "Low-pass",
            "Show the micrograph with or without the low-pass; picking never uses it",
            "L",
            _toggle_lowpass,
        ),
        Action(
            "canvas_only",
            "Canvas only",
            "Hide or show everything around the canvas",
            "W",
            _toggle("canvas_only"),
        ),
        Action("tutorial", "Tutorial", "Show or hide the tutorial", "", _toggle("show_tutorial")),
        Action("keys", "Keys", "Show or hide the list of keys", "?", _toggle("show_keys")),
    )
}

#: What the mouse does on the micrograph.
GESTURES = (
    ("wheel", "Zooms"),
    ("drag", "Moves the view, unless a tool of the panel Correct edits points"),
    ("click, tool Click", "Flips a point, or adds one at an empty place"),
    ("drag a point, tool Click", "Moves it"),
    ("Shift-drag, tools Click and Brush", "Rejects what is under the brush"),
    ("Alt-drag, tools Click and Brush", "Accepts what is under the brush"),
    ("drag, tool Select", "Selects what is in the box"),
    ("drag, tool Lasso", "Selects what is in the outline; with Shift in addition"),
    ("Control-drag, tools Click and Brush", "Selects what is in the outline"),
)

#: Actions that keep their keys while strokes are painted, where napari has others for them.
PAINTING_KEYS = ("next", "previous", "undo", "redo", "doubt")
#: What keys and mouse do while strokes are painted, all by napari.
PAINTING = (
    ("1, E", "Eraser: takes the class away"),
    ("2, P", "Brush"),
    ("3", "Polygon: click its corners, double-click or Enter fills it, Escape discards it"),
    ("4, F", "Fill: gives the class to connected pixels of the same class"),
    ("5, L", "Takes the class from under the mouse"),
    ("6, Z", "Moves the view"),
    ("space bar, held", "Moves the view for as long"),
    ("-, =", "Class before, class after"),
    ("X", "Switches between the class and none"),
    ("[, ]", "Smaller and larger brush"),
    ("Alt, held", "Moving the mouse changes the size of the brush"),
    ("right button, brush", "Draws an outline without holding the button, and fills it"),
)
