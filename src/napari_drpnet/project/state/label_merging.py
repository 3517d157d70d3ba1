"""New labels beside those that are there: what a person has said stays."""

from napari_drpnet.project.state.labels import Label, given_by, labels_near

Labels = tuple[Label, ...]


def merge_labels(here: Labels, given: Labels, reach_px: float) -> tuple[Labels, Labels]:
    """Bring new labels of a micrograph together with those that are there.

    Parameters
    ----------
    here : tuple of Label
        There already. What a person has said stays.
    given : tuple of Label
        New ones.
    reach_px : float
        How far from its anchor a label holds, unbinned pixels.

    Returns
    -------
    removed, added : tuple of Label
        Labels of a model give way to those of a person; what is about a place that has a label
        is left out otherwise.
    """
    own, automatic = _split(here)
    new, found = _split(given)
    new = _without(new, own, reach_px)
    removed = labels_near(automatic, _anchors(new), reach_px)
    return removed, new + _without(found, own + new + automatic, reach_px)


def contradictions(here: Labels, given: Labels, reach_px: float) -> int:
    """Count the labels of a person among new ones that say the contrary of those there."""
    (own, _), (new, _) = _split(here), _split(given)
    return sum(
        len(
            labels_near(
                (label for label in new if label.accepted != verdict),
                _anchors(tuple(label for label in own if label.accepted == verdict)),
                reach_px,
            )
        )
        for verdict in (True, False)
    )


def _split(labels: Labels) -> tuple[Labels, Labels]:
    """Return what a person has said, and what a model has."""
    return given_by("person", labels), given_by("model", labels)


def _without(labels: Labels, others: Labels, reach_px: float) -> Labels:
    known = {label.id for label in labels_near(labels, _anchors(others), reach_px)}
    return tuple(label for label in labels if label.id not in known)


def _anchors(labels: Labels) -> list[tuple[float, float]]:
    return [label.anchor_yx for label in labels]
