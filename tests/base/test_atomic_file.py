import os
import signal
import stat
import subprocess
import sys

import pytest

from napari_drpnet.base.atomic_file import atomic_file, remove_leftovers, sweep_folder
from napari_drpnet.images.micrograph import find_micrographs

KILLED = """
import os, signal, sys
from napari_drpnet.base.atomic_file import atomic_file
with atomic_file(sys.argv[1]) as path:
    path.write_text("half of the n")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(path, text):
    with atomic_file(path) as temporary:
        temporary.write_text(text)


def test_the_file_appears_whole(tmp_path):
    target = tmp_path / "new" / "folders" / "picks.star"
    with atomic_file(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".star"
        assert temporary.read_bytes() == b""
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert os.listdir(target.parent) == ["picks.star"]


def test_it_replaces_an_older_one(tmp_path):
    write(tmp_path / "picks.star", "old")
    write(str(tmp_path / "picks.star"), "new")
    assert (tmp_path / "picks.star").read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "picks.star"
    write(target, "old")

    def fail():
        with atomic_file(target) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(error):
        fail()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["picks.star"]


def test_a_failure_of_the_rename_leaves_nothing_else(tmp_path):
    target = tmp_path / "folder.star"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write(target, "new")
    assert os.listdir(tmp_path) == ["folder.star"]


def test_an_error_names_the_file_that_the_user_knows(tmp_path):
    (tmp_path / "picks.star").mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        write(tmp_path / "picks.star", "new")
    assert caught.value.filename == str(tmp_path / "picks.star")
    assert ".part" not in str(caught.value)


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "picks.star", "new")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_as_the_user_wants_them(tmp_path, umask, mode):
    old = os.umask(umask)
    try:
        write(tmp_path / "picks.star", "new")
    finally:
        assert os.umask(old) == umask
    assert stat.S_IMODE((tmp_path / "picks.star").stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_killed_while_writing(tmp_path):
    target = tmp_path / "mic [1].mrc"
    write(target, "old")
    killed = subprocess.run([sys.executable, "-c", KILLED, target], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert target.read_text() == "old"
    (leftover,) = set(tmp_path.iterdir()) - {target}
    assert leftover.read_text() == "half of the n"
    assert find_micrographs(tmp_path) == [target]
    write(target, "new")
    remove_leftovers(target)
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_text() == "new"


def test_leftovers_of_other_files_stay(tmp_path):
    for name in (".mic-0123abcd.part.star", ".mic-1-0123abcd.part.star", ".mic-0123abcd.part.box"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "mic.star")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".mic-0123abcd.part.box", ".mic-1-0123abcd.part.star"]


def test_long_names(tmp_path):
    target = tmp_path / f"{'x' * 240}.star"
    write(target, "new")
    assert target.read_text() == "new"


def test_a_folder_is_swept_of_temporary_files_alone(tmp_path):
    kept = ("a.csv", ".hidden.csv", ".a-0123abcd.csv", ".a-0123abcX.part.csv", "a.part.csv")
    for name in (*kept, ".a-0123abcd.part.csv", ".a b-0123abcd.part"):
        (tmp_path / name).touch()
    sweep_folder(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(kept)
