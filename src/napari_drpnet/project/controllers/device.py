"""Which device the networks will run on, asked in a thread: torch takes a second to load."""

from functools import partial

from psygnal import Signal

from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.jobs import Job
from napari_drpnet.project.workspace import Workspace


class DeviceProbe:
    """Finds out what the device of the settings is, or why it cannot be used.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose settings count.

    Attributes
    ----------
    text : str
        What to tell the user.
    is_usable : bool
        Whether the networks can run; True while that is not known.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._asked: str | None = None
        self.text = "Looking for a GPU …"
        self.is_usable = True

    def ask(self) -> None:
        """Look again if the settings name another device than the last time."""
        request = self._workspace.project.settings.detector.device
        if request != self._asked:
            self._asked = request
            work = partial(_choose, request)
            # Live, so that several who ask at once are all answered.
            self._workspace.runner.submit("device", work, self._tell, self._complain, live=True)

    def _tell(self, device: Device) -> None:
        kind = device.name.partition(":")[0].upper()
        self._show(f"{kind}: {device.reason}", is_usable=True)

    def _complain(self, error: Exception) -> None:
        self._show(str(error), is_usable=False)

    def _show(self, text: str, *, is_usable: bool) -> None:
        self.text, self.is_usable = text, is_usable
        self.changed.emit()


def _choose(request: str, job: Job) -> Device:
    return choose_device(request)
