"""`drpnet train labels`: networks learn from particles that a 2D classification kept."""

import json
from pathlib import Path

import pytest

from discs_and_dirt import is_particle, write_discs_and_dirt
from napari_drpnet.picking.networks.weights import load_classifier, load_detector
from napari_drpnet.project.learning import label_training
from napari_drpnet.relion.lists import MicrographEntry, write_micrographs_star
from napari_drpnet.training.from_labels import targets
from napari_drpnet.training.from_labels.replay import AdaptRecipe
from relion_jobs import PARTICLES_OF_EXTRACT, SELECT, write_selected_project

QUICK = AdaptRecipe(steps=60, folds=2, shift_px=0)
PARTICLES = f"{SELECT}/particles.star"
TRAIN = ("train", "labels", "Movies", "--diameter", 36, "--labels", PARTICLES, "--device", "cpu")


@pytest.fixture
def centers(drpnet, eager_weights, monkeypatch):
    """A project of RELION in which 2D classes kept the particles among the discs."""
    monkeypatch.setattr(label_training, "AdaptRecipe", lambda: QUICK)
    places = [write_discs_and_dirt(Path(f"Movies/a{number}.mrc"), number) for number in range(2)]
    good = [[place for row, place in enumerate(its) if is_particle(row)] for its in places]
    write_selected_project(
        ".", {f"a{n}": both for n, both in enumerate(zip(good, places, strict=True))}
    )
    return places


def test_a_classifier_learns_to_leave_out_what_was_not_selected(drpnet, centers):
    result = drpnet(*TRAIN, "--out", "mine.safetensors")
    assert "Movies/a0.mrc  25 selected, 24 not" in result.stdout
    assert (
        f"50 of 98 particles on 2 micrographs selected from {PARTICLES_OF_EXTRACT}."
        in result.stdout
    )
    assert "The new weights are better" in result.stdout
    card = load_classifier("mine.safetensors").card
    assert card.recipe["labels"] == {"classes": {"accepted": 50, "rejected": 48}}
    assert "98 labels by 2D classes" in card.trained_on
    drpnet("pick", "Movies", "--diameter", 36, "--out", "Picks", "--classifier", "mine.safetensors")
    rows = Path("Picks/a0_autopick.star").read_text().split("\n")
    assert sum(row.strip()[:1].isdigit() for row in rows) == 25


def test_a_detector_learns_too_and_from_few_micrographs(drpnet, centers, monkeypatch):
    tiny = targets.TuneRecipe(steps=2, replay_fields=0)
    monkeypatch.setattr(targets, "TuneRecipe", lambda: tiny)
    result = drpnet(*TRAIN, "--train", "detector", "--most", 1, "--out", "d.safetensors", "--json")
    content = json.loads(result.stdout)
    assert (content["accepted"], content["rejected"]) == (50, 48)
    assert content["micrographs"]["Movies/a1.mrc"] == {"selected": 25, "not_selected": 24}
    assert "micrographs: 1" in load_detector("d.safetensors").card.trained_on


def test_micrographs_that_were_moved_are_found_in_their_folder(drpnet, centers):
    Path("Movies").rename("Moved")
    words = [word if word != "Movies" else "Moved" for word in TRAIN]
    assert "Moved/a0.mrc  25 selected" in drpnet(*words, "--out", "mine.safetensors").stdout


def test_missing_micrographs_are_named_with_what_to_do(drpnet, centers):
    gone = [MicrographEntry(f"Gone/a{n}.mrc", Path(f"Gone/a{n}.mrc"), 2.0) for n in range(2)]
    write_micrographs_star("list.star", gone)
    words = [word if word != "Movies" else "list.star" for word in TRAIN]
    said = drpnet(*words, "--out", "mine.safetensors", code=1).stderr
    assert "a0.mrc: this micrograph is missing (and 1 more)" in said
    assert "in place of the list" in said


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"--labels": "gone.star"}, 1, "gone.star: cannot be read"),
        ({"--labels": "alone.star"}, 1, "alone.star: RELION's pipeline does not say what these"),
        ({"--extracted": "other.star"}, 1, "only 0% of its particles are among"),
        ({"--classifier": "none"}, 2, "there is no classifier to train"),
        ({"--out": "there.safetensors"}, 2, "there.safetensors exists"),
    ],
)
def test_what_cannot_be_done_is_said(drpnet, centers, change, code, message):
    Path("alone.star").write_bytes(Path(PARTICLES).read_bytes())
    Path("there.safetensors").touch()
    write_selected_project("other", {"a0": ([[1, 1]], [[5, 100]])})
    Path("other.star").write_bytes(Path("other", PARTICLES_OF_EXTRACT).read_bytes())
    given = {"--out": "mine.safetensors", **change}
    words = [word for pair in given.items() for word in pair]
    assert message in drpnet(*TRAIN, *words, code=code).stderr


def test_particles_on_other_micrographs_are_told(drpnet, centers):
    here = {f"a{number}": (its[:20], its) for number, its in enumerate(centers)}
    write_selected_project(".", here | {"b": ([[1, 1]], [[1, 1]])})
    result = drpnet(*TRAIN, "--out", "mine.safetensors")
    assert "1 selected particle left out, on micrographs that are not here: Motion" in result.stderr
