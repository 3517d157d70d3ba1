"""Time the detector by scale, memory layout, tiles, precision and inference engine.

onnxruntime and openvino are included if they are installed (with onnx); the project needs neither.
"""

import tempfile
import warnings
from collections.abc import Iterator
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.networks.weights import load_detector
from timing import median_ms

SIDE, PUBLISHED_SIDE = 451, 1312
RUNS = 11


def other_engines(module: torch.nn.Module, image: np.ndarray) -> Iterator[tuple[str, float]]:
    """Yield name and time of each engine that is installed."""
    installed = [name for name in ("onnxruntime", "openvino") if find_spec(name)]
    if not installed:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "detector.onnx")
        with warnings.catch_warnings(action="ignore"):
            torch.onnx.export(module, (torch.from_numpy(image),), path, dynamo=False)
        if "onnxruntime" in installed:
            import onnxruntime

            session = onnxruntime.InferenceSession(path)
            feed = {session.get_inputs()[0].name: image}
            yield "onnxruntime", median_ms(lambda: session.run(None, feed), RUNS)
        if "openvino" in installed:
            import openvino

            core = openvino.Core()
            for precision in ("f32", "bf16"):
                options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
                compiled = core.compile_model(core.read_model(path), "CPU", options)
                yield f"openvino {precision}", median_ms(lambda c=compiled: c([image]), RUNS)


def main() -> None:
    detector = load_detector()
    image = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    large = np.random.default_rng(0).normal(size=(PUBLISHED_SIDE,) * 2).astype(np.float32)
    plain = deepcopy(detector.module).to(memory_format=torch.contiguous_format)
    tensor = torch.from_numpy(image)[None, None]
    last = tensor.contiguous(memory_format=torch.channels_last)
    rows = {
        f"published scale, {PUBLISHED_SIDE} px": median_ms(
            lambda: predict_distance_map(large, detector), 3
        )
    }
    with torch.inference_mode():
        rows["eager, whole image"] = median_ms(lambda: plain(tensor), RUNS)
        rows["channels last, whole image"] = median_ms(lambda: detector.module(last), RUNS)
    for tile in (64, 128, 192, 256, 512):
        rows[f"channels last, tiles of {tile}"] = median_ms(
            lambda tile=tile: predict_distance_map(image, detector, tile=tile), RUNS
        )
    rows["default tiles, bfloat16"] = median_ms(
        lambda: predict_distance_map(image, detector, "bfloat16"), RUNS
    )
    rows.update(other_engines(plain, image[None, None]))
    print(f"detector on {SIDE} × {SIDE} pixels, {torch.get_num_threads()} threads, medians")
    for name, milliseconds in rows.items():
        print(f"  {name:32s} {milliseconds:8.1f} ms")


if __name__ == "__main__":
    main()
