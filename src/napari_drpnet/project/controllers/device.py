"""Device for the networks, looked up in a thread because torch takes a second to load."""

from functools import partial

from psygnal import Signal

from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.jobs import Job
from napari_drpnet.project.workspace import Workspace


class DeviceProbe:
    """Looks up the device that the settings name, or why it cannot be used.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the settings.

    Attributes
    ----------
    text : str
        Message for the user about the device.
    is_usable : bool
        Whether the networks can run; True while that is unknown.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._asked: str | None = None
        self.text = "Looking for a GPU …"
        self.is_usable = True

    def ask(self) -> None:
        """Look up the device if the settings name another one than at the last call."""
        request = self._workspace.project.settings.detector.device
        if request != self._asked:
            self._asked = request
            work = partial(_choose, request)
            # Live, so that a new request does not cancel the one that runs.
            self._workspace.runner.submit("device", work, self._take, self._complain, live=True)

    def _take(self, device: Device) -> None:
        kind = device.name.partition(":")[0].upper()
        self._show(f"{kind}: {device.reason}", is_usable=True)

    def _complain(self, error: Exception) -> None:
        self._show(str(error), is_usable=False)

    def _show(self, text: str, *, is_usable: bool) -> None:
        self.text, self.is_usable = text, is_usable
        self.changed.emit()


def _choose(request: str, job: Job) -> Device:
    return choose_device(request)
