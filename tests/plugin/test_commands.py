"""What napari calls when an action is chosen in its command palette."""

import pytest

pytest.importorskip("napari")

from napari_drpnet.plugin import commands


def test_a_command_does_its_action_in_the_session_of_the_viewer(viewer, session):
    commands.map(viewer)
    assert not session.view.show_map
    commands.map(viewer)
    assert session.view.show_map


def test_there_is_no_command_without_an_action():
    assert not hasattr(commands, "distance_map")
