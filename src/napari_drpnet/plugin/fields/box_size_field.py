"""Form field of the box size of exports."""

from napari_drpnet.plugin.fields.forms import field_widget, show_value
from napari_drpnet.plugin.fields.optional_field import OptionalField
from napari_drpnet.project.controllers.exporting import Exporter
from napari_drpnet.project.files.export_options import ExportChoice


def box_size_field(exporter: Exporter) -> OptionalField:
    """Create the field of the box size in pixels, which changes the choice of an exporter."""
    field = field_widget(ExportChoice, "box_size_px")
    assert isinstance(field, OptionalField)
    field.changed.connect(lambda side: exporter.choose(box_size_px=side))
    return field


def show_box_size(field: OptionalField, exporter: Exporter) -> None:
    """Show the box size that an exporter has now."""
    if field.value != exporter.choice.box_size_px:
        show_value(field, exporter.choice.box_size_px)
    field.set_recommended(exporter.default_box_size_px)
