"""Pages of the documentation as the window shows them."""

import re

import pytest

from napari_drpnet.project.files.help_pages import TUTORIAL, pages_folder, read_page


def test_the_tutorial_and_what_it_leads_to_are_there():
    tutorial = pages_folder() / TUTORIAL
    text = read_page(tutorial)
    assert text.startswith("# Ten minutes in the window")
    targets = set(re.findall(r"\]\(([^)]*)\)", text))
    assert {"keys.md", "panels/correct.md", "panels/pick.md"} <= targets
    for target in targets:
        assert target.startswith("http") or read_page(tutorial.parent / target)


def test_pictures_comments_and_links_to_other_pages_are_left_out(tmp_path):
    page, other = tmp_path / "page.md", tmp_path / "panels" / "other.md"
    other.parent.mkdir()
    other.write_text("# Other")
    page.write_text(
        "# Title\n\n![A picture](images/a.png)\n\n<!-- keys -->\n\n"
        "[Other](panels/other.md#part), [gone](gone.md#here), [here](#title), "
        "[web](https://napari.org)\n"
    )
    assert read_page(page) == (
        "# Title\n\n[Other](panels/other.md), gone, here, [web](https://napari.org)\n"
    )


def test_a_page_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(OSError):
        read_page(tmp_path / "none.md")
