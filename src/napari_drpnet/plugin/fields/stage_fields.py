"""Widgets of the settings of one stage, connected with the session."""

from collections.abc import Callable
from functools import partial
from typing import Any

from magicgui.widgets.bases import ValueWidget
from pydantic import BaseModel

from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    ParticleParameters,
    PeakParameters,
    SegmenterParameters,
)
from napari_drpnet.plugin.fields.forms import field_widget, show_value
from napari_drpnet.plugin.fields.optional_field import OptionalField
from napari_drpnet.plugin.fields.slider_field import SliderField
from napari_drpnet.project.points.axes import Axis, LinearAxis
from napari_drpnet.project.session import Plan, Session, Stage

_MODELS: dict[Stage, type[BaseModel]] = {
    "particle": ParticleParameters,
    "detector": DetectorParameters,
    "peaks": PeakParameters,
    "classifier": ClassifierParameters,
    "segmenter": SegmenterParameters,
}


class StageFields:
    """Create the widgets of a stage, and connect them with the session.

    Parameters
    ----------
    session : Session
        Session whose settings the widgets show and change.
    stage : str
        Stage of picking: "particle", "detector", "peaks", "classifier" or "segmenter".
    plan : callable, optional
        Function that returns the plan whose values are shown where the user gave none. Default:
        that of picking.
    """

    def __init__(
        self, session: Session, stage: Stage, plan: Callable[[], Plan | None] | None = None
    ) -> None:
        self._session, self._stage = session, stage
        self._plan = plan or (lambda: session.plan)
        self._model = _MODELS[stage]
        self._sliders: dict[str, SliderField] = {}
        self._found: dict[str, Callable[[], float | None]] = {}
        self._fields: dict[str, ValueWidget[Any]] = {}
        self._recommended: dict[str, Any] = {}

    def slider(
        self,
        name: str,
        low: float,
        high: float,
        *,
        label: str | None = None,
        axis: type[Axis] = LinearAxis,
        found: Callable[[], float | None] | None = None,
    ) -> SliderField:
        """Create the slider of a setting.

        Parameters
        ----------
        name, low, high, label, axis
            Arguments of `SliderField`.
        found : callable, optional
            Function that returns the value to show if neither the user nor the weights give a
            number, or None while it is unknown. Default: the slider then stays where it is.
        """
        slider = SliderField(self._model, name, low, high, label=label, axis=axis)
        if found is not None:
            self._found[name] = found
        slider.value_changed.connect(partial(self.drag, name))
        slider.editing_finished.connect(self._session.settle)
        slider.reset_requested.connect(partial(self._reset, name))
        self._sliders[name] = slider
        return slider

    def field(self, name: str, **options: Any) -> ValueWidget[Any]:
        """Create another widget of a setting; see `field_widget` for the options."""
        field = field_widget(self._model, name, **options)
        field.changed.connect(partial(self._change, name))
        self._fields[name] = field
        return field

    def renew_choices(self, name: str) -> None:
        """List the choices of a setting anew, which changes nothing, and show the settings."""
        field = self._fields[name]
        with field.changed.blocked():
            field.reset_choices()
        self.show()

    def drag(self, name: str, value: float) -> None:
        """Change a setting during a drag, which `Session.settle` ends."""
        self._session.change(self._stage, live=True, **{name: value})

    def show(self) -> None:
        """Show the settings, with recommended values filled in."""
        given = getattr(self._session.project.settings, self._stage) or self._session.draft
        plan = self._plan()
        meant = getattr(plan.parameters, self._stage) if plan else given
        for name, slider in self._sliders.items():
            self._show_slider(slider, getattr(given, name), getattr(meant, name), name)
        for name, field in self._fields.items():
            self._show_field(field, getattr(given, name), getattr(meant, name), name)

    def _show_slider(self, slider: SliderField, given: Any, meant: Any, name: str) -> None:
        if meant is not None:
            slider.set_value(meant, is_recommended=given == self._default(name))
        elif name in self._found:
            slider.set_automatic(self._found[name]())

    def _show_field(self, field: ValueWidget[Any], given: Any, meant: Any, name: str) -> None:
        is_news = given is None and self._recommended.get(name, self) != meant
        if is_news and isinstance(field, OptionalField):
            self._recommended[name] = meant
            field.set_recommended(meant)
        if field.value != given:
            show_value(field, given)

    def _change(self, name: str, value: Any) -> None:
        self._session.change(self._stage, **{name: value})

    def _reset(self, name: str) -> None:
        self._change(name, self._default(name))

    def _default(self, name: str) -> Any:
        return self._model.model_fields[name].default
