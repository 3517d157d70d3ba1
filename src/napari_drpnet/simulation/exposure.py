"""Exposure of a simulated specimen: from projected potential to counts per pixel."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation import contamination, optics
from napari_drpnet.simulation.scene import Scene
from napari_drpnet.simulation.stain import stain_relief
from napari_drpnet.simulation.structures import PROTEIN_CONTRAST_VOLT

Floats = NDArray[np.float64]

#: Stain that is shallower, relative to the film, is a bright plateau in which nothing is seen.
_PLATEAU_DEPTH = 0.35
#: Potential in V·Å of a film of gold, which makes the fringes at its edge. Its true potential is
#: far beyond weak-phase imaging.
_GOLD_POTENTIAL = 900.0


class Exposure:
    """The physics of one exposure of a scene.

    Parameters
    ----------
    scene : Scene
        Specimen and beam.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.parameters = scene.parameters
        self.shape = scene.shape
        self.pixel = scene.pixel
        self.rng = scene.rng
        self.extra_rng = scene.extra_rng

    def expect(self) -> Floats:
        """Return the expected counts per pixel ``(ny, nx)`` of a specimen in ice or stain."""
        return self._expose_stain() if self.parameters.negative_stain else self._expose_ice()

    def _expose_ice(self) -> Floats:
        """Return the expected counts per pixel of a vitrified specimen."""
        parameters, rng, potential = self.parameters, self.rng, self.scene.potential
        thickness = parameters.ice_thickness_angstrom * (
            1 + parameters.ice_variation * optics.smooth_noise(self.shape, self._wide(), rng)
        ).clip(0.1)
        unevenness = self._unevenness()
        if unevenness is not None:
            thickness = thickness * (1 + unevenness).clip(0.05)
        thickness = thickness * self._gradient()
        # Density fluctuations of a slab grow with the square root of its volume.
        potential = potential + rng.normal(size=self.shape) * np.sqrt(thickness) * 3.0 / self.pixel
        if parameters.carbon:
            potential += self.scene.carbon * self._film_potential()
        phase = potential * optics.interaction_constant(parameters.voltage_kv)
        contrast = self._imaged(phase, optics.ICE_AMPLITUDE_CONTRAST)
        transmission = np.exp(-thickness / 3000) * self._film_transmission()
        through = rng.uniform(0.7, 0.95)
        transmission *= np.where(self.scene.carbon, self._through_film(through), 1.0)
        if unevenness is not None:
            transmission *= (1 - self._particle_contrast() * unevenness).clip(0.05)
        return self._illuminated(transmission * (1 + contrast).clip(0.02))

    def _expose_stain(self) -> Floats:
        """Return the expected counts per pixel of a negatively stained specimen."""
        from scipy import ndimage

        parameters, rng = self.parameters, self.rng
        protein = self.scene.potential / PROTEIN_CONTRAST_VOLT  # Å of protein along the beam
        depth = self.scene.diameter_angstrom * rng.uniform(0.3, 0.9)
        film = (
            depth
            * (
                1
                + (0.15 + parameters.ice_variation)
                * optics.smooth_noise(self.shape, self._wide(), rng)
            ).clip(0.1)
            * self._stain_relief()
            * self._gradient()
        )
        excluded = film * (1 - np.exp(-protein / film))
        # Stain gathers around protein, but always less than the protein itself excludes.
        puddle = rng.uniform(0.05, 0.4) * ndimage.gaussian_filter(
            protein, 0.22 * self.scene.diameter_px
        )
        grain = rng.normal(size=self.shape) * rng.uniform(1.0, 3.0) * np.sqrt(film) / self.pixel
        stain = (film - excluded + puddle + grain).clip(0)
        absorbed = stain * rng.uniform(0.002, 0.005)
        # The transfer starts at −2 · amplitude, so the contrast at low frequency is the absorption.
        amplitude = optics.STAIN_AMPLITUDE_CONTRAST
        contrast = self._imaged((absorbed - absorbed.mean()) / (2 * amplitude), amplitude)
        transmission = self.scene.crystal_transmission * np.where(
            self.scene.carbon, self._through_film(0.7), 1.0
        )
        return self._illuminated(transmission * (1 + contrast).clip(0.02))

    def detect(self, expected: Floats) -> Floats:
        """Add shot noise to the expected counts, and hot pixels and a border of zeros if set."""
        counts = self.rng.poisson(expected).astype(float)
        if self.parameters.hot_pixels:
            y, x = (self.rng.integers(side, size=self.parameters.hot_pixels) for side in self.shape)
            counts[y, x] = expected.mean() * self.rng.uniform(5, 100, len(y))
        border = self.parameters.zero_border_px
        if border:
            framed = np.zeros_like(counts)
            inner = (slice(border, -border), slice(border, -border))
            framed[inner] = counts[inner]
            return framed
        return counts

    def _film_potential(self) -> Floats | float:
        """Return the projected potential of the support film in V·Å."""
        if self.parameters.gold:
            return _GOLD_POTENTIAL
        grain = contamination.carbon_texture(self.shape, self.rng) * self.rng.uniform(150, 400)
        return grain / self.pixel + self.rng.uniform(300, 900)

    def _through_film(self, through_carbon: float) -> float:
        """Return the transmission of the support film: that of carbon is given."""
        if self.parameters.gold:
            return float(self.scene.dirt_rng.uniform(0.02, 0.09))
        return through_carbon

    def _gradient(self) -> Floats | float:
        """Return the relative thickness, which grows in a random direction; 1 without gradient."""
        factor = self.parameters.thickness_gradient
        if factor == 1:
            return 1.0
        angle = self.scene.dirt_rng.uniform(0, 2 * np.pi)
        y, x = np.ogrid[: self.shape[0], : self.shape[1]]
        along = y * np.sin(angle) + x * np.cos(angle)
        return np.asarray(factor ** ((along - along.min()) / np.ptp(along)))

    def _unevenness(self) -> Floats | None:
        """Return the relative deviation of the film thickness; None if the film is even."""
        deviation = self.parameters.film_unevenness
        if not deviation:
            return None
        length = self.parameters.film_scale * self.scene.diameter_px
        return deviation * optics.smooth_noise(self.shape, length, self.extra_rng)

    def _particle_contrast(self) -> float:
        """Return the approximate relative contrast of a compact particle in ice.

        It is the contrast of a ball of protein after the transfer at one cycle per diameter or at
        frequency 0, whichever is stronger. An uneven film has this contrast times the deviation
        of its thickness, in addition to absorption, because unevenness of real ice hides particles
        more than absorption alone explains.
        """
        transfer = optics.contrast_transfer(
            np.array([0.0, self.scene.diameter_angstrom**-2]),
            defocus_angstrom=self.parameters.defocus_um * 1e4,
            voltage_kv=self.parameters.voltage_kv,
            b_factor=self.parameters.b_factor,
        )
        phase = optics.interaction_constant(self.parameters.voltage_kv) * PROTEIN_CONTRAST_VOLT
        return float(np.abs(transfer).max() * phase * 2 / 3 * self.scene.diameter_angstrom)

    def _film_transmission(self) -> Floats:
        """Return the transmission of the crystals and, if there is one, of a crystalline film."""
        strength = self.parameters.crystalline_ice
        if not strength:
            return self.scene.crystal_transmission
        film = contamination.crystalline_film(self.shape, self.scene.diameter_px, self.rng)
        return np.asarray(self.scene.crystal_transmission * (1 + strength * film).clip(0.1))

    def _stain_relief(self) -> Floats | float:
        """Return the relative depth of the stain with unevenness, puddles and plateaus; or 1."""
        parameters = self.parameters
        unevenness = self._unevenness()
        depth = 1.0 if unevenness is None else (1 + unevenness).clip(0.05)
        if parameters.stain_puddles or parameters.stain_plateaus:
            relief = stain_relief(
                self.shape,
                parameters.stain_puddles,
                parameters.stain_plateaus,
                self.scene.diameter_px,
                self.extra_rng,
            )
            self.scene.ice |= relief < _PLATEAU_DEPTH
            depth = depth * relief
        return depth

    def _imaged(self, phase: Floats, amplitude_contrast: float) -> Floats:
        transfer = partial(
            optics.contrast_transfer,
            defocus_angstrom=self.parameters.defocus_um * 1e4,
            voltage_kv=self.parameters.voltage_kv,
            amplitude_contrast=amplitude_contrast,
            b_factor=self.parameters.b_factor,
        )
        return optics.filtered(phase, transfer, self.pixel)

    def _wide(self) -> float:
        """Return the length in pixels over which illumination and ice vary."""
        return max(self.shape) / 5

    def _illuminated(self, transmission: Floats) -> Floats:
        beam = 1 + self.parameters.ice_variation * optics.smooth_noise(
            self.shape, 2 * self._wide(), self.rng
        )
        expected = transmission * beam.clip(0.1) * self.parameters.dose * self.pixel**2
        if self.scene.beam is not None:
            expected = expected * self.scene.beam.intensity(self.shape)
        return np.asarray(expected)
