from napari_drpnet.base.pages import data_url, render_page


def test_a_page_has_its_style_and_escapes_text(tmp_path):
    template = tmp_path / "page.html.j2"
    template.write_text("<style>{{ style | safe }}</style>{{ name }} {{ written }}")
    page = render_page(template, name="<script>")
    assert "&lt;script&gt;" in page
    assert "--ink" in page
    assert "<script>" not in page


def test_a_file_becomes_a_url():
    assert data_url("image/png", b"abc") == "data:image/png;base64,YWJj"
