import gc
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from napari_drpnet.base.numpy_files import map_npy, read_npz


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


@pytest.mark.parametrize(("save", "read"), [(np.savez, read_npz), (np.save, map_npy)])
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


@pytest.mark.parametrize("read", [read_npz, map_npy])
def test_nothing_is_unpickled(tmp_path, read):
    path = tmp_path / "a.npz"
    with open(path, "wb") as file:
        (np.savez if read is read_npz else np.save)(file, np.array([{}], object))
    with pytest.raises(ValueError, match=r"pickle|Python objects"):
        read(path)
