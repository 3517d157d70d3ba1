"""What each step from the old default pair to the new one brought, on the sets of grid_sets.py.

Each step keeps those before it. "Muted" is the share of micrographs on which a Laplacian of
Gaussian with one setting is better by more than 0.02. Writes its part of docs/accuracy.md.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from accuracy_sets import Picker, page_to_write, table, write_section
from grid import Score, score_laplacian, score_picker
from grid_sets import Case, empty_cells, named_cells, noise_cases, real_cases, simulate
from napari_drpnet.picking.networks.card import Network

OLD = ("multiscale", "multiscale-classifier")


def with_spectrum(network: Network, spectrum: tuple[float, ...] | None) -> Network:
    """Return a network before which the spectrum of the background is evened out."""
    return replace(network, card=network.card.model_copy(update={"spectrum": spectrum}))


def equalised(old: Picker, new: Picker) -> Picker:
    """Return the old pair behind the equaliser of the new one."""
    spectrum = new.networks.detector.card.spectrum
    detector, classifier = old.networks.detector, old.networks.classifier
    assert classifier is not None
    networks = replace(
        old.networks,
        detector=with_spectrum(detector, spectrum),
        classifier=with_spectrum(classifier, spectrum),
    )
    return replace(old, networks=networks)


def accepting(picker: Picker, accept: float) -> Picker:
    """Return a pair that accepts at a fixed P(particle)."""
    classifier = picker.parameters.classifier.model_copy(update={"accept": accept})
    return replace(
        picker, parameters=picker.parameters.model_copy(update={"classifier": classifier})
    )


def steps() -> dict[str, Picker]:
    old, new = Picker.load(*OLD), Picker.load()
    return {
        "old pair": old,
        "+ spectrum evened out": equalised(old, new),
        "detector trained on the whole range, alone": Picker.load("default", "none"),
        "+ its classifier, accept 0.5": accepting(new, 0.5),
        "+ automatic cut": new,
    }


def cases() -> Iterator[Case]:
    cells = (*named_cells(), *empty_cells())
    return chain(map(simulate, cells), noise_cases(), real_cases())


def row(group: str, title: str, scores: dict[str, list[Score]]) -> list[str]:
    """Return F1 of a set for each step, or false picks where it shows no particles."""
    cells = []
    for found in scores.values():
        part = [score for score in found if (score.group, score.row) == (group, title)]
        if part[0].tally.particles:
            cells.append(f"{np.mean([score.f1 for score in part]):.3f}")
        else:
            cells.append(f"{np.mean([score.tally.picks for score in part]):.1f} false")
    return [f"no particles: {title}" if group == "empties" else title, *cells]


def main() -> None:
    page = page_to_write(__doc__)
    pickers = steps()
    scores: dict[str, list[Score]] = {name: [] for name in pickers}
    for case in cases():
        print(f"  {case.row}: {case.example.name}", flush=True)
        laplacian = score_laplacian(case)
        for name, picker in pickers.items():
            scores[name].append(score_picker(picker, case, laplacian))
    sets = dict.fromkeys((score.group, score.row) for score in scores["old pair"])
    muted = [
        f"{100 * np.mean([score.muted for score in found if score.tally.particles]):.0f} %"
        for found in scores.values()
    ]
    body = table(["set", *pickers], [*(row(*each, scores) for each in sets), ["muted", *muted]])
    print(body)
    if page:
        write_section(page, "ablation", body)


if __name__ == "__main__":
    main()
