import numpy as np

from napari_drpnet.project.points.marks import Mark, Marks


def test_places_of_one_kind():
    centers = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    marks = Marks(centers, np.array([Mark.WRONG, Mark.NONE, Mark.WRONG], np.int8))
    assert marks.places(Mark.WRONG).tolist() == [[1.0, 2.0], [5.0, 6.0]]
    assert marks.places(Mark.MISSED).shape == (0, 2)
