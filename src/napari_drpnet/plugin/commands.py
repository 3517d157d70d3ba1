"""The actions of `project.actions` for napari's command palette."""

from collections.abc import Callable

import napari

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.actions import ACTIONS


def run_action(name: str) -> Callable[["napari.viewer.Viewer"], None]:
    """Return a function that does an action in a viewer, which napari fills in."""

    def run(viewer: napari.viewer.Viewer) -> None:
        ACTIONS[name].run(controller_of(viewer).session)

    return run


pick = run_action("pick")
pick_all = run_action("pick_all")
cancel = run_action("cancel")
next_micrograph = run_action("next")
previous_micrograph = run_action("previous")
undo = run_action("undo")
redo = run_action("redo")
doubt = run_action("doubt")
accept_selected = run_action("accept_selected")
reject_selected = run_action("reject_selected")
forget_selected = run_action("forget_selected")
smaller_brush = run_action("smaller_brush")
larger_brush = run_action("larger_brush")
label_automatically = run_action("label_automatically")
cancel_labelling = run_action("cancel_labelling")
forget_automatic = run_action("forget_automatic")
train = run_action("train")
cancel_training = run_action("cancel_training")
show_changed = run_action("show_changed")
keep_trained = run_action("keep_trained")
discard_trained = run_action("discard_trained")
edit = run_action("edit")
points = run_action("points")
rejected = run_action("rejected")
distance_map = run_action("map")
