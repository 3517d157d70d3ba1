import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt

from napari_drpnet.plugin.fields.stage_fields import StageFields


@pytest.fixture
def fields(session):
    """The fields of the peaks, which follow the session, once it has a diameter."""
    session.change("particle", diameter_angstrom=36.0)
    fields = StageFields(session, "peaks")
    session.settings_changed.connect(fields.show)
    return fields


@pytest.fixture
def sigma(fields, qtbot):
    slider = fields.slider("sigma_px", 0, 5)
    qtbot.addWidget(slider)
    fields.show()
    return slider


def peaks(session):
    return session.project.settings.peaks


def test_a_slider_shows_what_the_weights_recommend(sigma):
    assert sigma.value == 1.5
    assert not sigma.reset.isEnabled()


def test_a_typed_number_is_a_setting_and_one_step_of_undo(sigma, session, type_into):
    type_into(sigma.number, "0.8")
    assert peaks(session).sigma_px == 0.8
    session.undo()
    assert peaks(session).sigma_px is None
    assert sigma.value == 1.5


def test_a_drag_is_one_step_of_undo(fields, sigma, session):
    for value in (1.0, 1.1, 1.2):
        sigma.value_changed.emit(value)
    assert peaks(session).sigma_px == 1.2
    assert sigma.value == 1.2
    sigma.editing_finished.emit()
    sigma.value_changed.emit(2.0)
    session.undo()
    assert peaks(session).sigma_px == 1.2
    session.undo()
    assert peaks(session).sigma_px is None


def test_reset_gives_the_setting_back_to_the_weights(sigma, session, qtbot, type_into):
    type_into(sigma.number, "0.8")
    qtbot.mouseClick(sigma.reset, Qt.MouseButton.LeftButton)
    assert peaks(session).sigma_px is None
    assert sigma.value == 1.5


def test_reset_of_what_no_weights_recommend_is_its_default(fields, session, qtbot):
    distance = fields.slider("min_distance", 0, 2)
    qtbot.addWidget(distance)
    session.change("peaks", min_distance=1.5)
    assert distance.value == 1.5
    qtbot.mouseClick(distance.reset, Qt.MouseButton.LeftButton)
    assert peaks(session).min_distance == 0.5
    assert distance.value == 0.5
    assert not distance.reset.isEnabled()


def test_what_nobody_gives_is_shown_as_it_was_found(session, automatic_weights, qtbot, type_into):
    session.change("particle", diameter_angstrom=36.0)
    session.change("classifier", classifier=automatic_weights())
    fields, found = StageFields(session, "classifier"), [0.31]
    session.settings_changed.connect(fields.show)
    accept = fields.slider("accept", 0, 1, found=lambda: found[-1])
    qtbot.addWidget(accept)
    fields.show()
    assert accept.value == 0.31
    found.append(None)  # another micrograph
    fields.show()
    assert accept.value == 0.31
    type_into(accept.number, "0.6")
    assert session.project.settings.classifier.accept == 0.6
    found.append(0.42)
    qtbot.mouseClick(accept.reset, Qt.MouseButton.LeftButton)
    assert session.project.settings.classifier.accept is None
    assert accept.value == 0.42


def test_an_optional_field_shows_what_is_meant(fields, session):
    border = fields.field("border")
    fields.show()
    assert border.value is None
    assert border[0].value == 0.5
    border.value = 1.25
    assert peaks(session).border == 1.25
    session.undo()
    assert border.value is None
    assert border[0].value == 0.5


def test_what_the_model_refuses_is_taken_back(fields, session):
    level, told = fields.field("level"), []
    session.noticed.connect(told.append)
    fields.show()
    level.max = 9
    level.value = 7
    assert [notice.level for notice in told] == ["error"]
    assert peaks(session).level == 1
    assert level.value == 1


def test_showing_changes_nothing(fields, sigma, session):
    border = fields.field("border")
    before = session.project.settings
    session.change("peaks", border=2.0, sigma_px=0.7)
    after = session.project.settings
    for _ in range(3):
        fields.show()
    assert (border.value, sigma.value) == (2.0, 0.7)
    assert session.project.settings is after
    session.undo()
    assert session.project.settings == before


def test_there_is_nothing_to_show_before_the_diameter_is_known(session):
    fields = StageFields(session, "particle")
    size = fields.field("pixel_size_angstrom")
    fields.show()
    assert size.value is None
