"""Result of the judgement of a set of picks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.quality.classes import ClassAverage, Selection
from napari_drpnet.quality.efficiency import Efficiency
from napari_drpnet.quality.local_resolution import LocalResolution
from napari_drpnet.quality.postprocess import FscCurves
from napari_drpnet.quality.rosenthal_henderson import Fit, Point
from napari_drpnet.quality.views import ViewCounts, ViewHistogram

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ViewQuality:
    """Views of the particles of a refinement.

    Parameters
    ----------
    symmetry : str
        Point group, as RELION names it.
    directions : (n, 3) float array
        Direction of the view of each particle, as stored.
    histogram : ViewHistogram
        The same, pooled in pixels of HEALPix.
    counts : ViewCounts
        Numbers of different views.
    efficiency, efficiency_c1 : Efficiency or None
        E_od with and without the symmetry; None for too few particles.
    """

    symmetry: str
    directions: Floats
    histogram: ViewHistogram
    counts: ViewCounts
    efficiency: Efficiency | None
    efficiency_c1: Efficiency | None


@dataclass(frozen=True)
class EqualCount:
    """Views of a random subset of the particles of one set.

    Parameters
    ----------
    particles : int
        Number of particles of the subset, that of the smallest set.
    views : ViewCounts
        Numbers of different views.
    efficiency : Efficiency or None
        E_od with the symmetry of the refinement; None for too few particles.
    """

    particles: int
    views: ViewCounts
    efficiency: Efficiency | None


@dataclass(frozen=True, eq=False)
class Quality:
    """Quality of a set of picks. What no job shows is None or empty.

    Parameters
    ----------
    name : str
        Name of the job, such as ``Refine3D/job012``.
    iteration : int or None
        Number of the iteration; None after convergence.
    particles : int
        Number of particles of the job.
    diameter_angstrom : float
        Particle diameter in Å that E_od and the comparison with truth use.
    views : ViewQuality or None
        Views, of a 3D job.
    at_equal_count : EqualCount or None
        Views of as many particles as the smallest of several sets has, see `at_equal_count`.
    fsc : FscCurves or None
        Fourier shell correlation and resolution.
    local_resolution : LocalResolution or None
        Local resolution inside the mask.
    points : tuple of Point
        Points of the Rosenthal-Henderson plot.
    fit : Fit or None
        Their straight line.
    classes : tuple of ClassAverage
        2D classes.
    selection : Selection or None
        What the user has selected.
    notes : tuple of str
        What must be known to read the numbers, as sentences.
    """

    name: str
    iteration: int | None
    particles: int
    diameter_angstrom: float
    views: ViewQuality | None = None
    at_equal_count: EqualCount | None = None
    fsc: FscCurves | None = None
    local_resolution: LocalResolution | None = None
    points: tuple[Point, ...] = ()
    fit: Fit | None = None
    classes: tuple[ClassAverage, ...] = ()
    selection: Selection | None = None
    notes: tuple[str, ...] = ()

    @property
    def good_classes(self) -> tuple[ClassAverage, ...]:
        """Classes that are selected or, without a selection, good by the rule."""
        return tuple(average for average in self.classes if average.is_good)
