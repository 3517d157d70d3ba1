"""RELION's own viewer on an invisible screen: it shows the picks where they are, and edits them."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import ImageGrab

from napari_drpnet.formats import read_coordinates
from running_relion import DIAMETER_ANGSTROM, LIST, PIXEL_ANGSTROM, wait_until

pytestmark = pytest.mark.usefixtures("asked")
SCALE, RADIUS = 0.5, DIAMETER_ANGSTROM / PIXEL_ANGSTROM / 2
NAME = "Micrographs/grid1/sim_0001"


@pytest.fixture
def screen():
    """An invisible X server without a window manager."""
    if not all(map(shutil.which, ("Xvfb", "xdotool", "relion_display"))):
        pytest.skip("Xvfb, xdotool and the Debian package relion-gui are needed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1300x900x24"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as pipe:
            yield f":{pipe.readline().strip()}"
        server.kill()


@contextmanager
def shown(command, folder, screen, title):
    """Start a program with a window, again if it ends at once; yield it and its window."""
    environment = {**os.environ, "DISPLAY": screen}
    for _ in range(4):
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdout=-1, stderr=subprocess.STDOUT
        ) as program:
            try:
                wait_until(
                    lambda: program.poll() is not None or find_window(screen, title),
                    f"the window {title}",
                )
                if program.poll() is None:
                    yield program, find_window(screen, title)
                    return
            finally:
                program.kill()
    pytest.fail(f"{command[0]} ends at once")


def do(screen, *words):
    done = subprocess.run(
        ["xdotool", *map(str, words)],
        env={**os.environ, "DISPLAY": screen},
        capture_output=True,
        text=True,
    )
    return done.stdout


def find_window(screen, title):
    return do(screen, "search", "--name", title).strip()


def corner(screen, window):
    """Return the corner (x, y) of a window on the screen."""
    lines = do(screen, "getwindowgeometry", "--shell", window).splitlines()
    geometry = dict(line.split("=") for line in lines)
    return np.array([int(geometry["X"]), int(geometry["Y"])])


def is_green(screen):
    """Return which pixels (y, x) of the screen are as green as the circles."""
    red, green, blue = np.moveaxis(np.array(ImageGrab.grab(xdisplay=screen).convert("RGB")), -1, 0)
    return (green > 200) & (red < 60) & (blue < 60)


def on_circles(screen, window, centers_yx):
    """Return the share of each circle that is green: that of a circle 1.3 times as wide is 0."""
    green = np.pad(is_green(screen), 60)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = RADIUS * SCALE * np.column_stack([np.sin(angles), np.cos(angles)])
    middle = centers_yx * SCALE + corner(screen, window)[::-1] + 60
    shares = []
    for factor in (1.0, 1.3):
        rows, columns = np.rint(middle[:, None] + factor * ring).astype(int).transpose(2, 0, 1)
        near = [green[rows + dy, columns + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        shares.append(np.any(near, axis=0).mean(axis=1))
    return shares


def away_from(centers_yx, side=1024):
    """Return the position (y, x) of a pixel that is farthest from all picks and the edge."""
    grid = np.stack(np.meshgrid(*[np.arange(100, side - 100, 10)] * 2, indexing="ij"), -1)
    distance = np.hypot(*np.moveaxis(grid[:, :, None] - centers_yx, -1, 0)).min(axis=-1)
    return grid[np.unravel_index(distance.argmax(), distance.shape)]


def test_the_list_of_the_viewer_has_all_picks(project, picked, screen):
    command = [
        *("relion_manualpick", "--i", LIST, "--odir", picked, "--pickname", "autopick"),
        *("--allow_save", "--particle_diameter", str(DIAMETER_ANGSTROM), "--angpix", "3"),
    ]
    total = len(read_coordinates(project.folder / picked / "autopick.star"))
    with shown(command, project.folder, screen, "RELION manual-picking") as (program, _):
        line = next(line for line in program.stdout if b"Total number of picked" in line)
        assert f"{total} from 6 selected" in line.decode()


def test_circles_lie_on_the_picks_and_edits_are_counted(project, screen):
    job = project.add_picker(diameter=DIAMETER_ANGSTROM)
    project.run(job)
    file = project.folder / f"{job}{NAME}_autopick.star"
    before = read_coordinates(file).centers_yx
    command = [
        *("relion_display", "--pick", "--i", f"{NAME}.mrc", "--coords", file),
        *("--scale", str(SCALE), "--particle_radius", str(RADIUS), "--sigma_contrast", "3"),
        *("--lowpass", "20", "--angpix", str(PIXEL_ANGSTROM)),
    ]
    with shown(command, project.folder, screen, "sim_0001.mrc") as (_, window):
        added = away_from(before)
        x, y = np.rint(added[::-1] * SCALE).astype(int) + corner(screen, window)
        wait_until(lambda: np.ptp(np.array(ImageGrab.grab(xdisplay=screen))) > 100, "the image")
        do(screen, "mousemove", x, y, "click", 1)
        wait_until(lambda: is_green(screen).any(), "the circles")
        shares, beyond = on_circles(screen, window, np.vstack([before, added]))
        assert shares.min() > 0.9
        assert np.median(beyond) < 0.2
        do(screen, "key", "--window", window, "ctrl+s")
        wait_until(lambda: len(read_coordinates(file)) == len(before) + 1, "the saved file")
    total = len(read_coordinates(project.folder / job / "autopick.star"))
    project.run(job)
    last = project.text(f"{job}run.out").split("6 more were finished before")[1]
    assert last.startswith(", 1 of them edited by hand since")
    assert f"\n{total} particles accepted in total" in last
