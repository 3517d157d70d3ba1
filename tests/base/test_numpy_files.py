import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from zipfile import ZipFile

import numpy as np
import pytest

from napari_drpnet.base import numpy_files
from napari_drpnet.base.numpy_files import read_npy

read_npz = partial(numpy_files.read_npz, most_bytes=10_000)


class _Cycle:
    """Garbage whose end is Python code: wherever it is collected, another thread may run."""

    def __init__(self):
        self.me = self

    def __del__(self):
        for _ in range(30):
            pass


@pytest.fixture
def restless():
    """Threads are switched and garbage is collected as often as possible."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5, 2, 2)
    yield
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


@pytest.mark.parametrize(("save", "read"), [(np.savez, read_npz), (np.save, read_npy)])
def test_many_threads_read_at_once(tmp_path, restless, save, read):
    path = tmp_path / "table"
    with open(path, "wb") as file:
        save(file, np.zeros(3, [(f"column {k}", "f4") for k in range(10)]))

    def read_often(_):
        for _ in range(500):
            _Cycle()
            read(path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read_often, range(4)))


@pytest.mark.parametrize("read", [read_npz, read_npy])
def test_nothing_is_unpickled(tmp_path, read):
    path = tmp_path / "a.npz"
    with open(path, "wb") as file:
        (np.savez if read is read_npz else np.save)(file, np.array([{}], object))
    with pytest.raises(ValueError, match=r"pickle|Python objects"):
        read(path)


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_is_read_into_memory(tmp_path, order):
    path, array = tmp_path / "a.npy", np.arange(12.0).reshape(3, 4, order=order)
    np.save(path, array)
    read = read_npy(path)
    path.write_bytes(b"")  # the end of a process that touches a map of it
    np.testing.assert_array_equal(read, array)


def test_a_header_of_python_2_is_read_without_a_warning(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(3.0))
    path.write_bytes(path.read_bytes().replace(b"(3,), } ", b"(3L,), }", 1))
    np.testing.assert_array_equal(read_npy(path), np.arange(3.0))
    with ZipFile(tmp_path / "a.npz", "w") as file:
        file.write(path, "a.npy")
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz")["a"], np.arange(3.0))


def test_a_header_that_claims_more_than_the_file_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(1000))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="mmap length"):
        read_npy(path)


def test_an_archive_of_more_bytes_than_are_wanted_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.zeros(10_000))
    assert path.stat().st_size < 1000
    with pytest.raises(ValueError, match="80128 bytes are too many"):
        read_npz(path)
