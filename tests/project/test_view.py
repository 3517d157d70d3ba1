from napari_drpnet.project.view import BRUSH_LIMITS, ViewState


def test_fields_say_when_they_change():
    view, seen = ViewState(), []
    view.events.tool.connect(seen.append)
    view.tool = "click"
    view.tool = "click"
    assert seen == ["click"]


def test_views_share_nothing():
    first, second, seen = ViewState(), ViewState(), []
    second.events.show_map.connect(seen.append)
    first.show_map = False
    assert second.show_map
    assert seen == []


def test_the_brush_stays_within_reason():
    view = ViewState(brush_diameters=2.0)
    view.scale_brush(1.5)
    assert view.brush_diameters == 3.0
    for factor, limit in zip((1e-9, 1e9), BRUSH_LIMITS, strict=True):
        view.scale_brush(factor)
        assert view.brush_diameters == limit
