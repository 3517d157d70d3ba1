import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch import Outputs
from napari_drpnet.batch.results.report import write_report
from napari_drpnet.picking.parameters import PickParameters

OUT = Path("out")


class Page(HTMLParser):
    """Collects tags with their attributes, and the text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def read(path):
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_needs_no_other_file(pick, use_toy_weights):
    pick()
    path = write_report(OUT)
    assert path == OUT / "report.html"
    page = read(path)
    assert not {"link", "iframe"} & {tag for tag, _ in page.tags}
    sources = [attrs[key] for _, attrs in page.tags for key in ("src", "href") if key in attrs]
    assert len(sources) == 3
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not re.search(r"https?://|@import|url\(", path.read_text())
    picture = Image.open(io.BytesIO(base64.b64decode(sources[0].partition(",")[2])))
    assert picture.size == (160, 160)


def test_it_tells_what_was_picked_with_what(pick, use_toy_weights):
    report = pick("in", "gone.mrc")
    text = read(write_report(OUT)).text
    assert f"{sum(picked.accepted for picked in report.picked)}" in text
    assert "in/sub/m2.mrc" in text
    assert "gone.mrc" in text
    assert "there is no such file" in text
    assert report.networks.detector.sha256 in text
    assert "peaks: threshold" in text
    assert text.count("particle: diameter_angstrom") == 1


def test_it_tells_what_needs_a_look_and_by_which_cut(pick, use_automatic_weights):
    use_automatic_weights(least_f1=0.9)
    Path("in/sub/m2.mrc").unlink()
    pick()
    text = read(write_report(OUT)).text
    look = text[text.index("What needs a look") : text.index("Picks per micrograph")]
    assert "picks2in/sub/m0.mrcNone of 16 candidates is accepted" in look
    assert "diameter2in/sub/m0.mrcA particle diameter of 36 Å" in look
    rows = text[text.index("All micrographs") : text.rindex("Picked with")]
    assert rows.count("and 0.90 is asked for") == rows.count("nothing, automatic") == 2
    assert "automatic" in text[text.index("classifier: accept") :]


def test_cuts_and_expected_scores_are_in_the_table(pick, use_automatic_weights):
    use_automatic_weights(least_f1=0.5)
    pick("in/sub/m0.mrc")
    text = read(write_report(OUT)).text
    assert "0.42, automatic0.84" in text
    assert "If you meant 36 nm, give 360 Å." in text[text.index("All micrographs") :]


def test_a_folder_of_an_older_version_has_a_page(pick, use_toy_weights):
    pick("in/sub/m0.mrc")
    new = {"accept", "automatic", "expected_precision", "expected_recall", "expected_f1",
           "valid_share", "advice"}  # fmt: skip
    (record,) = Path("out/.drpnet").rglob("*.json")
    content = json.loads(record.read_text())
    content["result"] = {k: v for k, v in content["result"].items() if k not in new}
    record.write_text(json.dumps(content))
    text = read(write_report(OUT)).text
    assert "in/sub/m0.mrc" in text
    assert "What needs a look" not in text


def test_names_are_escaped(pick, write_discs, use_toy_weights):
    name = "in/<script>alert(1)&amp;\"'.mrc"
    write_discs(name)
    pick(name, "in/<b>bad.mrc")
    path = write_report(OUT)
    page = read(path)
    assert [tag for tag, _ in page.tags if tag in ("script", "b>bad.mrc")] == ["script"]  # ours
    assert "<script>alert" not in path.read_text()
    assert name in page.text
    assert "<b>bad.mrc" in page.text


def test_what_stands_out_has_a_picture_and_a_reason(pick, use_toy_weights):
    pick()
    (record,) = Path("out/.drpnet/sub").glob("m0.json")
    content = json.loads(record.read_text())
    for number, count in enumerate([50, 51, 52, 53, 54, 55, 0]):
        content["result"] |= {"name": f"copy{number}.mrc", "accepted": count}
        record.with_name(f"copy{number}.json").write_text(json.dumps(content))
    page = read(write_report(OUT))
    reasons = page.text[page.text.index("Outliers") : page.text.index("Typical")]
    assert "copy6.mrc" in reasons
    assert "count 0, far below the median" in reasons
    assert "copy1.mrc" not in reasons


def test_pictures_of_lost_micrographs_are_left_out(pick, use_toy_weights):
    pick()
    for star in Path("out/sub").glob("*.star"):
        star.write_text("damaged")
    page = read(write_report(OUT))
    assert "img" not in {tag for tag, _ in page.tags}
    assert "can no longer be read" in page.text


def test_a_run_without_any_picks_has_a_page(pick, use_toy_weights):
    pick("gone.mrc", out=Outputs(OUT))
    assert "gone.mrc" in read(write_report(OUT)).text


def test_progress_is_told(pick, use_toy_weights):
    told = []

    class Listener:
        def advance(self, done, total, stage):
            told.append((done, total))

    pick()
    write_report(OUT, Listener())
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(InputFileError, match=r"summary\.json: is missing"):
        write_report(tmp_path)
    (tmp_path / "summary.json").write_text("[]")
    with pytest.raises(InputFileError, match="is not what drpnet writes"):
        write_report(tmp_path)


SEGMENTED = PickParameters(
    particle={"diameter_angstrom": 36, "polarity": "dark"},
    detector={"weights": "segmenter-default"},
    classifier={"classifier": "none"},
)


def test_a_folder_of_masks_has_a_page_about_classes(pick, use_toy_segmenter, write_dirty):
    write_dirty("in/sub/m3.mrc")
    pick(out=Outputs(OUT, (), masks=("mrc", "png")), parameters=SEGMENTED)
    path = write_report(OUT)
    page, text = read(path), path.read_text()
    assert '<b>4</b><span class="soft">micrographs segmented</span>' in text
    assert re.findall(r"<button>(\w+)</button>", text) == [
        *("Micrograph", "Dirty", "Background", "Particle", "Ice", "Carbon")
    ]
    assert "Dirty area in order" in page.text
    assert "Segmented with" in page.text
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 4
    assert all(image["alt"].endswith("with its classes") for image in images)


def test_dirt_is_in_the_table_only_if_something_knows_it(pick, use_toy_segmenter, parameters):
    segmenter = parameters.segmenter.model_copy(update={"segmenter": "default"})
    pick(parameters=parameters.model_copy(update={"segmenter": segmenter}))
    assert "<button>Dirty</button>" in write_report(OUT).read_text()
    pick(existing="overwrite")
    assert "<button>Dirty</button>" not in write_report(OUT).read_text()
