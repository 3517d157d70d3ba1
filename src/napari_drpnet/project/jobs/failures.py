"""Why jobs failed, kept for the panels until the next attempt."""

from psygnal import Signal

from napari_drpnet.project.jobs.lanes import JobKind


class Failures:
    """Messages about the last job of each kind, if it failed.

    Attributes
    ----------
    changed : Signal
        Emitted when a message has been added or removed.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def __getitem__(self, kind: JobKind) -> str:
        return self._texts.get(kind, "")

    def note(self, kind: str, text: str) -> None:
        """Keep why a job failed."""
        self._texts[kind] = text
        self.changed.emit()

    def forget(self, *kinds: JobKind) -> None:
        """Remove the messages of some kinds of jobs, as when they are tried again."""
        kept = {kind: text for kind, text in self._texts.items() if kind not in kinds}
        if kept != self._texts:
            self._texts = kept
            self.changed.emit()

    def clear(self) -> None:
        """Remove all messages."""
        self._texts.clear()
        self.changed.emit()
