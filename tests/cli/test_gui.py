import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from napari_drpnet.cli import main


@pytest.fixture
def napari(monkeypatch):
    """A napari that only notes what it is asked to do."""
    calls = []

    def open_picker(plugin, widget):
        calls.append((plugin, widget))
        return None, SimpleNamespace(open=lambda *args, **kwargs: calls.append((args, kwargs)))

    def open_viewer(title):
        return SimpleNamespace(window=SimpleNamespace(add_plugin_dock_widget=open_picker))

    module = SimpleNamespace(Viewer=open_viewer, run=lambda: calls.append("run"))
    monkeypatch.setitem(sys.modules, "napari", module)
    monkeypatch.setenv("DISPLAY", ":0")
    return calls


def run(*arguments):
    return CliRunner().invoke(main, ["gui", *map(str, arguments)])


def test_it_opens_the_picker_with_the_paths(napari, tmp_path):
    result = run(tmp_path, "--project", tmp_path / "work")
    assert result.exit_code == 0, result.output
    assert napari == [
        ("napari-drpnet", "DRPnet picker"),
        (([tmp_path], tmp_path / "work"), {"sample": False}),
        "run",
    ]


def test_it_opens_the_sample(napari):
    assert run("--sample").exit_code == 0
    assert napari[1] == (([], None), {"sample": True})


def test_patterns_are_left_to_the_session(napari, tmp_path):
    assert run(tmp_path / "*.mrc").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [["missing.mrc"], ["--sample", "."], ["--sample", "--project", "p"]]
)
def test_wrong_usage_opens_nothing(napari, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert napari == []


def test_without_napari_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "napari", None)
    monkeypatch.setenv("DISPLAY", ":0")
    result = run()
    assert result.exit_code == 1
    assert "pip install" in result.output


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
def test_without_a_display_it_says_what_else_there_is(napari, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    result = run()
    assert result.exit_code == 1
    assert "drpnet pick" in result.output
    assert napari == []
