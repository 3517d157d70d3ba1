"""Part of the panel Pick with the advice about the current micrograph."""

from typing import get_args

import napari

from napari_drpnet.picking.advice import Topic
from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.plugin.panels.panel import Panel


class AdvicePanel(Panel):
    """Advice about the current micrograph, one sentence for each topic while it applies.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    hints : dict of str to Hint
        Labels of the sentences, by topic.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.hints = {topic: Hint(marked=True) for topic in get_args(Topic)}
        self.setLayout(column(*self.hints.values(), spacing=4))
        self.listen(self.session.current.points_changed, self._show)
        self.listen(self.session.current.states_changed, self._show)
        self._show()

    def _show(self) -> None:
        decision = self.session.current.decision
        texts = {one.topic: one.text for one in (decision.advice if decision else ())}
        for topic, hint in self.hints.items():
            hint.say(texts.get(topic, ""))
