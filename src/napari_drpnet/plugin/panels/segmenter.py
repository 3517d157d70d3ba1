"""Choice of the segmenter, a part of the panels Pick and Segment."""

from functools import partial

import napari
from qtpy.QtGui import QShowEvent

from napari_drpnet.picking.loading import NONE, weights_names
from napari_drpnet.plugin.fields.controls import choose_weights_file, column
from napari_drpnet.plugin.fields.forms import FormRows
from napari_drpnet.plugin.fields.stage_fields import StageFields
from napari_drpnet.plugin.panels.panel import Panel


class SegmenterPanel(Panel):
    """Row with the choice of the segmenter that rejects picks on dirt.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    weights : FileChoice
        Choice of the segmenter.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._fields = StageFields(self.session, "segmenter")
        self.weights = self._fields.field(
            "segmenter",
            choices=_list_choices,
            choose_file=partial(choose_weights_file, self, "segmenter"),
        )
        self.setLayout(column(FormRows(self.weights)))
        self.listen(self.session.settings_changed, self._fields.show)
        self._fields.show()

    def showEvent(self, event: QShowEvent) -> None:
        """Update the list of weights."""
        super().showEvent(event)
        self._fields.renew_choices("segmenter")


def _list_choices() -> list[str]:
    return [NONE, *weights_names("segmenter")]
