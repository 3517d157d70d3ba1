"""What a person, or a model on a person's behalf, has said about a place in a micrograph."""

from typing import Literal

from pydantic import Field

from napari_drpnet.project.stored import Stored


class Label(Stored):
    """A verdict on a place.

    Parameters
    ----------
    id : int
        Stable within the micrograph, and never given twice.
    center_yx : tuple of float
        Where the particle is, ``(y, x)`` in unbinned pixels.
    anchor_yx : tuple of float
        Where it was when the label was given: the candidate that the label holds to. The same as
        the centre unless the point was moved.
    accepted : bool
        Whether it is a particle.
    source : {'person', 'model'}
        Who said so.
    """

    id: int = Field(ge=0)
    center_yx: tuple[float, float]
    anchor_yx: tuple[float, float]
    accepted: bool
    source: Literal["person", "model"] = "person"
