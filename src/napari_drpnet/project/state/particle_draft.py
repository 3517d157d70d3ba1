"""What the user has said about the particle before its diameter in Å is known."""

from typing import Any, Literal, Self

from pydantic import Field

from napari_drpnet.base.frozen import Stored


class ParticleDraft(Stored):
    """Particle as the user has described it so far; it is neither saved nor undone.

    Parameters
    ----------
    pixel_size_angstrom, polarity
        Parameters of `ParticleParameters` that wait for the diameter.
    diameter_px : float, optional
        Diameter in unbinned pixels, measured on the micrograph, that waits for the pixel size.
    """

    pixel_size_angstrom: float | None = Field(None, gt=0)
    polarity: Literal["auto", "dark", "bright"] = "auto"
    diameter_px: float | None = Field(None, gt=0)

    def with_values(self, values: dict[str, Any]) -> Self:
        """Return the draft with other values, which are validated."""
        return self.model_validate(self.model_dump() | values)

    def without_diameter(self) -> Self:
        """Return the draft without a measured diameter."""
        return self.model_copy(update={"diameter_px": None})

    def complete(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return new values, with the diameter in Å if it can be calculated with the pixel size."""
        size = values.get("pixel_size_angstrom")
        if self.diameter_px is None or size is None or "diameter_angstrom" in values:
            return values
        return {"diameter_angstrom": diameter_from_pixels(self.diameter_px, size)} | values

    def waiting(self) -> dict[str, Any]:
        """Return the values that become parameters of the particle with its diameter."""
        return self.model_dump(exclude={"diameter_px"})


def diameter_from_pixels(diameter_px: float, pixel_size_angstrom: float) -> float:
    """Return a measured diameter in Å, to a tenth."""
    return round(diameter_px * pixel_size_angstrom, 1)
