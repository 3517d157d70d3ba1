import errno
import subprocess
import sys

import pytest
from click.testing import CliRunner

from napari_drpnet import __version__
from napari_drpnet.cli import evaluate, main

COMMANDS = ("pick", "evaluate", "simulate", "convert", "train", "weights", "doctor")


def test_help_names_every_command_and_the_exit_codes(drpnet):
    shown = drpnet("--help").output
    assert all(f"  {command} " in shown for command in COMMANDS)
    assert "Exit codes: 0 success" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(drpnet, command):
    assert drpnet(command, "-h").output.startswith(f"Usage: main {command}")


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from napari_drpnet.cli import main; main(['--help'], standalone_mode=False); "
        "print(sorted({'numpy', 'pydantic', 'torch'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["'pick'", "'train', 'detector'"])
def test_help_does_not_load_torch(command):
    code = (
        "import sys; from napari_drpnet.cli import main; "
        f"main([{command}, '--help'], standalone_mode=False); print('torch' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "False"


def test_version(drpnet):
    assert drpnet("--version").output == f"drpnet, version {__version__}\n"


def test_an_unknown_command_is_wrong_usage(drpnet):
    assert "No such command 'pikc'" in drpnet("pikc", code=2).stderr


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.csv"), 1, "Error: a.csv: No space"),
        (KeyboardInterrupt(), 130, "Interrupted"),
    ],
)
def test_errors_of_the_system_become_one_line(monkeypatch, error, code, message):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(evaluate, "pair_coordinates", fail)
    result = CliRunner().invoke(main, ["evaluate", "a", "b", "--diameter", "9"])
    assert result.exit_code == code
    assert result.stderr.startswith(message)
