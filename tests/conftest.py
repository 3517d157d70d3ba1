import os
import shutil
from pathlib import Path
from threading import Event

import mrcfile
import numpy as np
import pytest
from hypothesis import settings

from waiting import LIMIT_S

# Toy arrays gain nothing from threads, which on a busy machine wait ten times as long as they work.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No settings of the user's napari are read, and none are kept.
os.environ["NAPARI_CONFIG"] = ""

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real micrographs, structures, weights and files of other programs."""
    shared = os.environ.get("DRPNET_SHARED")
    folder = Path(shared) if shared else Path(__file__).parents[2] / "shared"
    if not (folder / "data" / "formats").is_dir():
        pytest.skip("the shared sample files are absent: set DRPNET_SHARED")
    return folder / "data"


@pytest.fixture
def bad_inputs(shared_data) -> Path:
    """Files as damaged disks, other programs and careless senders leave them."""
    folder = shared_data / "bad_inputs"
    if not folder.is_dir():
        pytest.skip("the shared folder has no bad inputs")
    return folder


@pytest.fixture(scope="session")
def toy_weights(tmp_path_factory) -> Path:
    """A folder of default weights: the detector is a 9×9 mean, the classifier always says 0.73."""
    import torch

    from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard
    from napari_drpnet.picking.networks.fcrn import FCRN
    from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
    from napari_drpnet.picking.networks.weights import save_network

    about = {"particle_px": 9, "licence": "BSD-3-Clause", "trained_on": "nothing"}
    folder = tmp_path_factory.mktemp("weights")
    detector, classifier = FCRN(), PatchClassifier(16, 1)
    with torch.no_grad():
        for parameter in (*detector.parameters(), *classifier.parameters()):
            parameter.zero_()
        detector.conv_1.weight[0] = 1 / 81
        for layer in (detector.conv_2, detector.conv_3, detector.conv_4, detector.conv_5):
            height, width = layer.kernel_size
            layer.weight[0, 0, height // 2, width // 2] = 1
        classifier.head[-1].bias[1] = 1
    card = DetectorCard(threshold=1.5, sigma_px=1.5, **about)
    save_network(folder / "detector-default.safetensors", detector.state_dict(), card)
    card = ClassifierCard(patch_px=16, pool_stride=1, accept=0.5, **about)
    save_network(folder / "classifier-default.safetensors", classifier.state_dict(), card)
    return folder


@pytest.fixture
def use_toy_weights(monkeypatch, toy_weights) -> None:
    monkeypatch.setenv("DRPNET_WEIGHTS", str(toy_weights))


@pytest.fixture
def eager_weights(monkeypatch, tmp_path, toy_weights):
    """Default weights whose classifier has learned nothing yet, and so accepts everything."""
    import torch

    from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
    from weights_folders import write_weights

    folder = tmp_path / "weights"
    torch.manual_seed(0)
    classifier = PatchClassifier(16, 1)
    with torch.no_grad():
        classifier.head[-1].bias.copy_(torch.tensor([-1.0, 1.0]))
    write_weights(folder, toy_weights, classifier, threshold=1.5)
    monkeypatch.setenv("DRPNET_WEIGHTS", str(folder))


@pytest.fixture(scope="session")
def segmenter_weights(tmp_path_factory) -> Path:
    """The file of a segmenter: small dark areas are particles, and large bright ones carbon."""
    import torch

    from napari_drpnet.picking.networks.card import SegmenterCard
    from napari_drpnet.picking.networks.multiscale import MultiScaleNet
    from napari_drpnet.picking.networks.weights import save_network

    module = MultiScaleNet(2, 4)
    first, last = module.down[0], module.up[-1]
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for layer in (*module.down.modules(), *module.up.modules()):
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.weight.fill_(1)
        for channel in range(2):
            first[0].weight[channel, channel] = 1 / 9
            first[3].weight[channel, channel, 1, 1] = 1
            last[0].weight[channel, last[0].in_channels - 24 + channel, 1, 1] = 1
            last[3].weight[channel, channel, 1, 1] = 1
        module.out.weight[1, 0], module.out.bias[1] = 8, -6
        module.out.weight[3, 1], module.out.bias[3] = 90, -50
        module.out.bias[2] = -20
    card = SegmenterCard(
        particle_px=9,
        licence="BSD-3-Clause",
        trained_on="nothing",
        architecture="multiscale",
        threshold=0.1,
        clearance=0.6,
    )
    path = tmp_path_factory.mktemp("segmenter") / "segmenter-default.safetensors"
    save_network(path, module.state_dict(), card)
    return path


@pytest.fixture(scope="session")
def toy_weights_and_segmenter(tmp_path_factory, toy_weights, segmenter_weights) -> Path:
    """A folder of default weights of all kinds."""
    folder = tmp_path_factory.mktemp("all_weights")
    for file in (*toy_weights.iterdir(), *segmenter_weights.parent.iterdir()):
        shutil.copy(file, folder)
    return folder


@pytest.fixture
def use_toy_segmenter(monkeypatch, toy_weights_and_segmenter) -> None:
    monkeypatch.setenv("DRPNET_WEIGHTS", str(toy_weights_and_segmenter))


@pytest.fixture
def use_untrained_segmenter(monkeypatch, tmp_path, toy_weights) -> None:
    """The default weights, and a segmenter with random weights, which can learn."""
    import torch

    from napari_drpnet.picking.networks.build import SEGMENTERS
    from napari_drpnet.picking.networks.card import SegmenterCard
    from napari_drpnet.picking.networks.weights import save_network

    folder = tmp_path / "untrained"
    shutil.copytree(toy_weights, folder)
    monkeypatch.setenv("DRPNET_WEIGHTS", str(folder))
    torch.manual_seed(3)
    card = SegmenterCard(particle_px=9, licence="BSD-3-Clause", trained_on="nothing")
    state = SEGMENTERS[card.architecture](2, 4).state_dict()
    save_network(folder / "segmenter-default.safetensors", state, card)


@pytest.fixture
def toy_segmenter(monkeypatch, tmp_path) -> str:
    """A file of segmenter weights; see `segmenting.write_segmenter`."""
    from napari_drpnet.picking.networks.build import SEGMENTERS
    from segmenting import toy_segmenter, write_segmenter

    monkeypatch.setitem(SEGMENTERS, "toy", toy_segmenter)
    return write_segmenter(tmp_path / "toy-segmenter.safetensors")


@pytest.fixture
def automatic_weights(tmp_path, toy_weights):
    """A function that writes the toy classifier with an automatic cut, and returns its file."""
    from napari_drpnet.picking.networks.weights import load_network, save_network

    def write(least_f1=0.0):
        network = load_network(str(toy_weights / "classifier-default.safetensors"), "classifier")
        card = network.card.model_copy(update={"accept": None, "least_f1": least_f1})
        path = tmp_path / f"automatic-{least_f1}.safetensors"
        save_network(path, network.module.state_dict(), card)
        return str(path)

    return write


@pytest.fixture
def use_automatic_weights(monkeypatch, toy_weights, tmp_path_factory):
    """A function that takes the toy weights, but with automatic accept, and a least F1."""
    from safetensors.torch import load_file

    from napari_drpnet.picking.networks.weights import read_card, save_network

    def use(least_f1: float) -> None:
        folder = tmp_path_factory.mktemp("automatic")
        for file in toy_weights.glob("*.safetensors"):
            update = {"accept": None, "least_f1": least_f1} if "classifier" in file.stem else {}
            card = read_card(file).model_copy(update=update)
            save_network(folder / file.name, load_file(file), card)
        monkeypatch.setenv("DRPNET_WEIGHTS", str(folder))

    return use


@pytest.fixture(scope="session")
def write_discs():
    """A function that writes a micrograph of dark discs, 18 px wide, and returns their centres."""

    def write(path, seed: int = 0, side: int = 160, pixel_size: float = 2.0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        centers = np.argwhere(np.ones((side // 40, side // 40))) * 40.0 + 20
        centers += rng.uniform(-5, 5, centers.shape)
        y, x = np.ogrid[:side, :side]
        discs = sum((np.hypot(y - cy, x - cx) < 9).astype(float) for cy, cx in centers)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with mrcfile.new(path) as file:
            file.set_data((100 - 8 * discs + rng.normal(size=(side, side))).astype(np.float32))
            file.voxel_size = pixel_size
        return centers

    return write


@pytest.fixture(scope="session")
def write_dirty(write_discs):
    """A function that writes a micrograph of dark discs with a bright film on the right quarter."""

    def write(path, seed: int = 0) -> np.ndarray:
        centers = write_discs(path, seed)
        with mrcfile.open(path, "r+") as file:
            file.data[:, 120:] += 4
        return centers

    return write


class Gate:
    """Holds one of those who come, the first unless some are let through before, until opened."""

    def __init__(self):
        self.let_through = 0
        self.reached, self.opened = Event(), Event()

    def pass_through(self):
        self.let_through -= 1
        if self.let_through == -1:
            self.reached.set()
            assert self.opened.wait(LIMIT_S)


@pytest.fixture
def gate_before(monkeypatch):
    """A function that puts a gate before a function of a module; all gates open in the end."""
    gates = []

    def put(module, name):
        gate, function = Gate(), getattr(module, name)

        def pass_and_do(*args, **kwargs):
            gate.pass_through()
            return function(*args, **kwargs)

        monkeypatch.setattr(module, name, pass_and_do)
        gates.append(gate)
        return gate

    yield put
    for gate in gates:
        gate.opened.set()


@pytest.fixture
def detector_gate(gate_before):
    """A gate before the detector."""
    from napari_drpnet.project.stages import cache

    return gate_before(cache, "detect")
