"""An animated picture of a window: frames with a drawn mouse and a caption, as a small GIF."""

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

#: Height of the caption below the window, and the size of its letters.
_CAPTION_PX, _LETTER_PX = 40, 21
_CAPTION_COLORS = "#14161a", "#ffffff"
#: Outline of the mouse, from its tip, and the radius of the ring around it while it is pressed.
_ARROW = ((0, 0), (0, 20), (5, 16), (8, 23), (11, 22), (8, 15), (15, 15))
_RING_PX, _RING_COLOR = 13, "#ffd34d"
#: Frames that the palette is made of, and the number of their colours: one is left for "as before".
_SAMPLES, _COLORS = 24, 255

Place = tuple[int, int]


@dataclass
class Film:
    """Frames of a window, and for how many milliseconds each is shown.

    Attributes
    ----------
    caption : str
        Text below the next frames.
    mouse : tuple of int
        Position ``(x, y)`` of the mouse in the next frames.
    last : PIL.Image.Image
        Last picture of the window, without mouse and caption.
    """

    caption: str = ""
    mouse: Place = (0, 0)
    last: Image.Image = field(default_factory=lambda: Image.new("RGB", (1, 1)))
    _frames: list[Image.Image] = field(default_factory=list)
    _durations: list[int] = field(default_factory=list)

    def take(self, window: Image.Image, milliseconds: int, *, pressed: bool = False) -> None:
        """Add a picture of the window, with the mouse and the caption."""
        self.last = window
        width, height = window.size
        frame = Image.new("RGB", (width, height + _CAPTION_PX), _CAPTION_COLORS[0])
        frame.paste(window.convert("RGB"))
        draw, (x, y) = ImageDraw.Draw(frame), self.mouse
        if pressed:
            box = (x - _RING_PX, y - _RING_PX, x + _RING_PX, y + _RING_PX)
            draw.ellipse(box, outline=_RING_COLOR, width=3)
        draw.polygon([(x + dx, y + dy) for dx, dy in _ARROW], fill="white", outline="black")
        font = ImageFont.load_default(_LETTER_PX)
        middle = (width // 2, height + _CAPTION_PX // 2)
        draw.text(middle, self.caption, _CAPTION_COLORS[1], font, anchor="mm")
        self._frames.append(frame)
        self._durations.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write a GIF whose frames have one palette, so that only what changes is stored."""
        palette = self._palette()
        none = Image.Dither.NONE
        first, *others = (frame.quantize(palette=palette, dither=none) for frame in self._frames)
        first.save(
            path, save_all=True, append_images=others, duration=self._durations, loop=0, disposal=1
        )

    def _palette(self) -> Image.Image:
        """Return an image with the palette of frames from the whole film."""
        chosen = self._frames[:: max(len(self._frames) // _SAMPLES, 1)]
        width, height = chosen[0].size
        together = Image.new("RGB", (width, height * len(chosen)))
        for number, frame in enumerate(chosen):
            together.paste(frame, (0, number * height))
        return together.quantize(_COLORS, method=Image.Quantize.FASTOCTREE)
