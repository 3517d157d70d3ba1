import os
import subprocess
import sys

import pytest

PROGRAM = [sys.executable, "-m", "napari_drpnet"]


def test_the_package_runs_as_a_program():
    shown = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("drpnet, version ")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no SIGINT for one process")
@pytest.mark.parametrize("module", ["click", "napari_drpnet.cli.group", "numpy"])
def test_an_interrupt_during_an_import_is_one_line(tmp_path, module):
    code = f"""
import os, signal, sys
from importlib import import_module
from napari_drpnet.__main__ import main
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["drpnet", "evaluate", "-h"]
main()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "Interrupted\n")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no SIGINT for one process")
def test_a_program_that_ignores_interrupts_is_not_ended():
    code = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "from napari_drpnet.__main__ import main; sys.argv = ['drpnet', 'evaluate', '-h']; "
        "\ntry: main()\nexcept SystemExit: os.kill(os.getpid(), signal.SIGINT)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
