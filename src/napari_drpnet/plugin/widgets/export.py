"""The panel Export: for whom, which files, into which folder, and what came of it."""

from functools import partial
from pathlib import Path

import napari
from qtpy.QtCore import QSignalBlocker, QTimer, QUrl
from qtpy.QtGui import QDesktopServices, QFontDatabase, QShowEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.batch.outputs import default_box_size
from napari_drpnet.formats import FORMATS
from napari_drpnet.plugin.controls import LABEL_WIDTH
from napari_drpnet.plugin.field_facts import FieldFacts
from napari_drpnet.plugin.forms import field_widget, show_value
from napari_drpnet.plugin.panel import Panel
from napari_drpnet.project.export import ExportReport
from napari_drpnet.project.export_options import ExportChoice
from napari_drpnet.project.runner import JobStatus

_REFRESH_MS = 150
