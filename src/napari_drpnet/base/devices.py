"""Choice of the device that runs the networks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """A device that runs networks.

    Parameters
    ----------
    name : str
        Name of the device in torch, such as ``cpu``, ``cuda:0`` or ``mps``.
    reason : str
        Reason for the choice, to show to the user.
    """

    name: str
    reason: str


def choose_device(request: str = "auto") -> Device:
    """Choose the device to compute on.

    Parameters
    ----------
    request : str
        ``auto`` for the first of CUDA, MPS and CPU that is available, or the name of a torch
        device.

    Returns
    -------
    Device

    Raises
    ------
    ValueError
        If the requested device is not available. The message names one that is.
    """
    import torch

    if request == "auto":
        return _best_device()
    try:
        torch.zeros(1, device=request).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        raise ValueError(
            f"device {request!r} cannot be used ({str(error).splitlines()[0]}); "
            f"this machine offers {_best_device().name}"
        ) from error
    return Device(request, "as requested")


def _best_device() -> Device:
    import torch

    if torch.cuda.is_available():
        return Device("cuda:0", torch.cuda.get_device_name(0))
    if torch.backends.mps.is_available():
        return Device("mps", "Apple GPU")
    if torch.version.cuda is None:
        return Device("cpu", "PyTorch is installed without GPU support")
    return Device("cpu", "no CUDA GPU found")
