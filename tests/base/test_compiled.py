import numpy as np
import pytest

from napari_drpnet.base.compiled import _Interruptible, compiled


@compiled
def double(values):
    return 2 * values


@compiled
def double_twice(values):
    return double(double(values))


def test_loops_call_each_other():
    np.testing.assert_array_equal(double_twice(np.arange(3.0)), [0, 4, 8])


@pytest.mark.parametrize("cause", [KeyboardInterrupt, ValueError])
def test_an_interrupt_inside_a_loop_is_one(cause):
    loop = _Interruptible(double.dispatcher)

    def interrupted(values):
        inner = SystemError("returned a result with an exception set")
        inner.__cause__ = cause()
        raise SystemError("returned a result with an exception set") from inner

    loop.dispatcher = interrupted
    with pytest.raises(KeyboardInterrupt if cause is KeyboardInterrupt else SystemError):
        loop(np.arange(3.0))
