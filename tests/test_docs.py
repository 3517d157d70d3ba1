"""What the documentation says must be true: its tables, its commands, its Python."""

import re
import runpy
import shlex
from pathlib import Path

import click
import pytest

import napari_drpnet
from napari_drpnet.cli.options import build_model
from napari_drpnet.picking.networks.weights import find_weights, read_card
from napari_drpnet.project.actions import ACTIONS
from relion_jobs import random_directions, write_postprocess, write_refinement

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
)
SOURCE = ROOT / "src" / "napari_drpnet"
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
#: Options of all commands, and of pip, docker and apptainer.
OTHER_FLAGS = {"--help", "--extra-index-url", "--gpus", "--nv"}
TABLES = runpy.run_path(str(ROOT / "scripts" / "parameter_tables.py"))


def commands_in(text):
    """Find the indented lines that call drpnet, but not those that tell how a command is called."""
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    calls = (line.strip().removeprefix("show ") for line in lines if line[:2] == "  ")
    return [call for call in calls if call.startswith("drpnet ") and "[OPTIONS]" not in call]


def parse(call):
    """Parse a command as click does, and check the bounds of parameters; nothing runs."""
    command = next(
        command for command in TABLES["commands"]() if f"{call} ".startswith(f"{command} ")
    )
    place = TABLES["context_of"](command)
    words = shlex.split(call.removeprefix(command))
    context = place.command.make_context(command, words, parent=place.parent)
    if model := TABLES["MODELS"].get(command):
        build_model(model, context.params)


def known_flags():
    contexts = map(TABLES["context_of"], TABLES["commands"]())
    options = [each for context in contexts for each in context.command.params]
    return {flag for each in options for flag in (*each.opts, *each.secondary_opts)}


def calls():
    texts = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
    demo = (ROOT / "scripts" / "demo.sh").read_text(encoding="utf-8")
    parameters = re.search(r'^parameters="(.*?)"', demo, re.DOTALL | re.MULTILINE)[1]
    texts["demo.sh"] = demo.replace("$parameters", parameters)
    return [pytest.param(call, id=page) for page in texts for call in commands_in(texts[page])]


@pytest.mark.parametrize("page", TABLES["PAGES"], ids=lambda page: page.name)
def test_the_tables_made_from_the_code_are_up_to_date(page):
    text = page.read_text(encoding="utf-8")
    assert TABLES["update"](text) == text, "run: python scripts/parameter_tables.py"


def test_a_stale_table_is_made_anew():
    stale = "<!-- keys: undo -->\n| `X` | Nothing |\n<!-- end -->"
    fresh = TABLES["update"](stale)
    assert "| `Control-Z` | Undo the last edit |" in fresh
    assert "Nothing" not in fresh


def test_a_setting_has_its_bounds_and_the_value_that_the_weights_recommend():
    table = TABLES["update"]("<!-- peaks: sigma_px (blur) -->\n<!-- end -->")
    assert "| **blur** |" in table
    assert "| 0 to 50 px |" in table
    card = read_card(find_weights("default", "detector"))
    assert f"| {card.sigma_px:g}, from the weights |" in table


def test_all_keys_have_a_page():
    text = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    assert {action.key for action in ACTIONS.values()} <= set(re.findall("`([^`]+)`", text)) | {""}


def test_every_module_is_in_a_room_and_every_room_in_the_architecture():
    assert {path.name for path in SOURCE.glob("*.py")} == {"__init__.py", "__main__.py"}
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### `(\w+)`$", text, re.MULTILINE)) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_the_table_of_a_room_names_its_modules(room):
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = re.search(rf"^### `{room}`$(.*?)^##", text, re.DOTALL | re.MULTILINE)[1]
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    named = [name for cell in cells for name in re.findall("`([^`]+)`", cell)]
    files = [path.relative_to(SOURCE / room) for path in (SOURCE / room).rglob("*.py")]
    modules = [".".join(file.with_suffix("").parts) for file in files if file.stem != "__init__"]
    assert sorted(named) == sorted(modules)


def test_every_verb_has_its_table():
    text = TABLES["PAGE"].read_text(encoding="utf-8")
    assert {
        command for command in TABLES["commands"]() if f"<!-- {command} -->" not in text
    } == set()


def test_commands_are_found():
    assert len(calls()) > 30


@pytest.mark.parametrize("call", calls())
def test_a_documented_command_parses(call):
    parse(call)


@pytest.mark.parametrize("call", ["drpnet pick a.mrc", "drpnet pick a.mrc --out b --diameter -1"])
def test_a_wrong_command_does_not_parse(call):
    with pytest.raises(click.UsageError):
        parse(call)


@pytest.mark.parametrize("page", PAGES)
def test_options_named_in_the_text_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = {
        flag
        for code in re.findall("`([^`]+)`", text)
        for flag in re.findall(r"--[a-z][a-z0-9_-]+", code)
    }
    assert named - known_flags() - OTHER_FLAGS == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_between_files_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    lost = [
        target
        for target in targets
        if "://" not in target and not ((ROOT / page).parent / target).exists()
    ]
    assert lost == []


def anchors_of(page):
    """Find the anchors of the headings of a page, as the documentation site names them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[`*]|[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[\s-]+", "-", each) for each in words}


@pytest.mark.parametrize("page", PAGES)
def test_links_into_pages_lead_to_a_heading(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):\s]*)#([^)\s]+)\)", text)
    places = [((ROOT / page).parent / file if file else ROOT / page, name) for file, name in links]
    assert [name for file, name in places if name not in anchors_of(file)] == []


def test_the_api_reference_has_all_public_names():
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    named = re.findall(r"^::: napari_drpnet\.(\w+)$", text, re.MULTILINE)
    assert sorted(named) == sorted(napari_drpnet.__all__)


def rows_of(page):
    """Find the rows of the tables of a page: the first cell without stress, and the other cells."""
    lines = re.findall(r"^\|(.*)\|$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    rows = ([cell.strip(" *") for cell in line.split("|")] for line in lines)
    return {first: rest for first, *rest in rows}


@pytest.mark.parametrize(
    ("home", "measured"),
    [
        ("napari-drpnet, default", "ours, default"),
        ("Topaz", "Topaz (REPIC)"),
        ("crYOLO, general model", "crYOLO, general model (REPIC)"),
        ("RELION 3.1, LoG", "RELION 3.1, LoG, 150 to 180 Å, other settings default"),
    ],
)
def test_the_figures_of_the_home_page_are_those_of_the_benchmark(home, measured):
    assert rows_of("docs/index.md")[home][0] == rows_of("docs/accuracy.md")[measured][0]


def test_the_python_in_the_documentation_runs(tmp_path, monkeypatch, use_toy_weights, write_discs):
    monkeypatch.chdir(tmp_path)
    write_discs("my_micrograph.mrc", pixel_size=10.0)
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    namespace = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, namespace)
    assert Path("my_micrograph_autopick.star").exists()
    assert len(namespace["accepted"])


def test_the_python_of_the_page_about_quality_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_refinement(Path("Refine3D/job012"), random_directions(120))
    write_postprocess(Path("PostProcess/job013"))
    text = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, {})
    assert "36.0 Å (corrected)" in capsys.readouterr().out
