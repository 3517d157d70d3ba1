"""The parameters of simulated micrographs, with units, bounds, titles and defaults."""

from pydantic import Field

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.simulation.films import FilmShape


class SimulationParameters(Parameters):
    """Parameters of the sample, the optics and the exposure of a simulated micrograph."""

    height_px: int = Field(2048, ge=64, le=16384, title="Rows of the micrograph")
    width_px: int = Field(2048, ge=64, le=16384, title="Columns of the micrograph")
    pixel_size_angstrom: float = Field(1.5, ge=0.1, le=20, title="Pixel size in Å")
    diameter_angstrom: float | None = Field(
        None,
        ge=10,
        le=5000,
        title="Particle diameter in Å; default: as the structure, or 180 for shapes",
    )
    particles: int = Field(
        200, ge=0, le=100_000, title="Number of particles; fewer if there is not enough room"
    )
    min_distance: float = Field(
        1.0, ge=0, le=20, title="Least distance between particles, in particle diameters"
    )
    clumped: float = Field(
        0.0, ge=0, le=1, title="Fraction of the particles that touch a neighbour"
    )
    voltage_kv: float = Field(300.0, ge=60, le=400, title="Acceleration voltage in kV")
    defocus_um: float = Field(1.8, ge=0, le=10, title="Underfocus in µm")
    dose: float = Field(40.0, gt=0, le=1e5, title="Exposure in electrons per Å²")
    b_factor: float = Field(
        100.0, ge=0, le=10_000, title="Envelope of optics and motion: B factor in Å²"
    )
    ice_thickness_angstrom: float = Field(400.0, ge=0, le=10_000, title="Thickness of the ice in Å")
    ice_variation: float = Field(
        0.05, ge=0, le=1, title="Relative variation of illumination and ice thickness"
    )
    carbon: bool = Field(False, title="Show the edge of a carbon film")
    ice_crystals: int = Field(0, ge=0, le=10_000, title="Number of ice crystals")
    crystalline_ice: float = Field(
        0.0, ge=0, le=1, title="Relative contrast of a crystalline film of particle-sized grains"
    )
    junk: int = Field(0, ge=0, le=10_000, title="Number of aggregates and fragments")
    hot_pixels: int = Field(0, ge=0, le=100_000, title="Number of hot pixels")
    negative_stain: bool = Field(False, title="Negative stain instead of ice: bright particles")
    film_unevenness: float = Field(
        0.0, ge=0, le=2, title="Relative deviation of the thickness of ice or stain over film_scale"
    )
    film_scale: float = Field(
        1.0, ge=0.1, le=10, title="Correlation length of film_unevenness, in particle diameters"
    )
    stain_puddles: int = Field(
        0, ge=0, le=10_000, title="Number of puddles of deeper stain; only in negative stain"
    )
    stain_plateaus: int = Field(
        0, ge=0, le=10_000, title="Number of bright areas of thin stain; only in negative stain"
    )
    debris: int = Field(
        0, ge=0, le=10_000, title="Number of particle-sized pieces of debris, clear of particles"
    )
    cubic_ice: float = Field(
        0.0, ge=0, le=1, title="Relative contrast of many small ice crystals of equal size"
    )
    beam_edge: float = Field(
        0.0, ge=0, le=0.7, title="Share of the frame that lies beyond the edge of the beam"
    )
    zero_border_px: int = Field(
        0, ge=0, le=4096, title="Width in pixels of a border of zeros, as left by motion correction"
    )
    carbon_shape: FilmShape = Field(
        "random",
        title="Shape of the carbon film: random hole or straight edge, edge of a real hole, "
        "bar between two holes, or the whole frame",
    )
    gold: bool = Field(False, title="The film is of opaque gold instead of carbon")
    ice_drops: int = Field(
        0, ge=0, le=10_000, title="Number of large drops and crystals of ice, in groups"
    )
    hexagonal_ice: int = Field(
        0, ge=0, le=10_000, title="Number of sharp hexagonal crystals of similar size"
    )
    cracks: int = Field(0, ge=0, le=1000, title="Number of bright, branching cracks of the ice")
    rods: int = Field(
        0, ge=0, le=10_000, title="Number of long rods, as of tobacco mosaic virus or fibrils"
    )
    thickness_gradient: float = Field(
        1.0, ge=1, le=20, title="Factor by which ice or stain gets thicker across the frame"
    )
    on_dirt: float = Field(
        0.0, ge=0, le=1, title="Share of the particles that may lie anywhere, also on dirt"
    )
