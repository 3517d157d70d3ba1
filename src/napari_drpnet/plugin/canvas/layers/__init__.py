"""Views that draw the session as napari layers; the layers hold no state of their own."""

from napari_drpnet.plugin.canvas.layers.boxes import BoxView
from napari_drpnet.plugin.canvas.layers.brush import BrushView
from napari_drpnet.plugin.canvas.layers.changes import ChangesView
from napari_drpnet.plugin.canvas.layers.class_changes import ClassChangesView
from napari_drpnet.plugin.canvas.layers.classes import ClassesView
from napari_drpnet.plugin.canvas.layers.doubt import DoubtView
from napari_drpnet.plugin.canvas.layers.images import MapView, MicrographView
from napari_drpnet.plugin.canvas.layers.lasso import LassoView
from napari_drpnet.plugin.canvas.layers.marks import MarksView
from napari_drpnet.plugin.canvas.layers.picks import PicksView
from napari_drpnet.plugin.canvas.layers.strokes import DarkView, StrokesView
from napari_drpnet.plugin.canvas.layers.truth import TruthView

__all__ = [
    "BoxView",
    "BrushView",
    "ChangesView",
    "ClassChangesView",
    "ClassesView",
    "DarkView",
    "DoubtView",
    "LassoView",
    "MapView",
    "MarksView",
    "MicrographView",
    "PicksView",
    "StrokesView",
    "TruthView",
]
