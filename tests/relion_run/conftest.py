"""Tests that run RELION 3.1; they are left out where it is not installed."""

import os

import pytest

import running_relion
from running_relion import Project

#: Set by `make test-relion`, which also runs the tests that take minutes.
ASKED = "DRPNET_RELION"


def pytest_collection_modifyitems(items):
    for item in items:
        if "relion_run" in item.path.parts:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def relion():
    if not running_relion.is_installed():
        pytest.skip("RELION 3.1 is not installed: make test-relion installs it on Debian")


@pytest.fixture(scope="session")
def asked(relion):
    """What takes minutes is run only if it was asked for."""
    if not os.environ.get(ASKED):
        pytest.skip("takes minutes: make test-relion runs it")


@pytest.fixture(scope="session")
def project(relion, tmp_path_factory):
    """A project of six simulated micrographs, shared by all tests of the session."""
    folder = tmp_path_factory.mktemp("relion") / "project"
    running_relion.simulate(folder, count=6)
    return Project(folder)


@pytest.fixture(scope="session")
def picked(project):
    """The external job that picked all micrographs of the project."""
    job = project.add_picker(diameter=running_relion.DIAMETER_ANGSTROM)
    project.run(job)
    return job


@pytest.fixture(scope="session")
def extracted(project, picked):
    """The job that extracted these picks."""
    job = project.add_extraction(f"{picked}coords_suffix_autopick.star")
    project.run(job)
    return job
