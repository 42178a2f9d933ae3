"""Choosing a target by eye: in a window, or on a picture of the first frame with a grid."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from chromatrack.data.images import jpeg_bytes
from chromatrack.errors import InputError
from chromatrack.files import whole_file
from chromatrack.reporting.overlay import paste, tile

PICTURES = (".png", ".jpg", ".jpeg")
CLOSEST = 20
"""Pixels between lines, at least: their numbers are to be read."""
WAKE = 200
"""Milliseconds after which an idle window sees Ctrl-C and SIGTERM."""
LINES = 12
"""Lines of the grid along the longer side, about."""
INSTEAD = (
    "write the first frame with a grid by --select NAME.png, read the numbers off and give --box"
)


def write_grid(image: np.ndarray, path: Path) -> None:
    """Write a frame with numbered lines, whole or not at all.

    Raises:
        InputError: the name ends in no suffix of a picture.
    """
    if path.suffix.lower() not in PICTURES:
        raise InputError(f"--select {path}: expected a name that ends in {', '.join(PICTURES)}")
    shown = with_grid(image)
    with whole_file(path) as part:
        if path.suffix.lower() == ".png":
            Image.fromarray(shown).save(part)
        else:
            part.write_bytes(jpeg_bytes(shown, 95))


def with_grid(image: np.ndarray) -> np.ndarray:
    """An (H, W, 3) uint8 RGB image with lines at round numbers of pixels, and those numbers."""
    drawn = image.copy()
    height, width = image.shape[:2]
    step, size = step_of(max(height, width)), max(9, max(height, width) // 90)
    for place in range(step, width, step):
        cv2.line(drawn, (place, 0), (place, height - 1), (255, 255, 255), 1)
        paste(drawn, tile(str(place), (255, 255, 255), size), place, 0)
    for place in range(step, height, step):
        cv2.line(drawn, (0, place), (width - 1, place), (255, 255, 255), 1)
        paste(drawn, tile(str(place), (255, 255, 255), size), 0, place)
    return cv2.addWeighted(image, 0.3, drawn, 0.7, 0)


def step_of(side: int) -> int:
    """Pixels between lines: 1, 2 or 5 times a power of ten."""
    wanted = max(float(CLOSEST), side / LINES)
    power = 10 ** int(np.floor(np.log10(wanted)))
    return int(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted))


def select_box(image: np.ndarray) -> list[float]:
    """The box that a person draws in a window: left, top, width, height in 0-based pixels.

    Raises:
        InputError: there is no screen, or the window was closed without a box.
    """
    try:
        import tkinter

        from PIL import ImageTk
    except ImportError:
        raise InputError(
            f"--select: this Python has no tkinter to show a window; {INSTEAD}"
        ) from None
    try:
        root = tkinter.Tk()
    except tkinter.TclError:
        raise InputError(f"--select: there is no screen to show a window on; {INSTEAD}") from None
    ended: list[BaseException] = []

    def end(_, error: BaseException, __) -> None:
        ended.append(error)
        root.destroy()

    def wake() -> None:
        """Python looks at signals between its own lines, of which an idle window has none."""
        root.after(WAKE, wake)

    root.report_callback_exception = end
    wake()
    root.title("Draw a box around the target, then press Enter")
    room = root.winfo_screenwidth() * 0.9, root.winfo_screenheight() * 0.8
    height, width = image.shape[:2]
    scale = min(1.0, room[0] / width, room[1] / height)
    small = Image.fromarray(image).resize((round(width * scale), round(height * scale)))
    picture = ImageTk.PhotoImage(small, master=root)
    canvas = tkinter.Canvas(root, width=small.width, height=small.height, cursor="crosshair")
    canvas.create_image(0, 0, image=picture, anchor="nw")
    canvas.pack()
    drawing = Drawing(scale)
    shape = canvas.create_rectangle(0, 0, 0, 0, outline="#ffd60a", width=2)

    def moved(event) -> None:
        drawing.to(event.x, event.y)
        canvas.coords(shape, *drawing.start, *drawing.end)

    canvas.bind("<Button-1>", lambda event: drawing.begin(event.x, event.y))
    canvas.bind("<B1-Motion>", moved)
    for key in ("<Return>", "<KP_Enter>", "<space>"):
        root.bind(key, lambda _: drawing.box_ltwh and root.destroy())
    root.bind("<Escape>", lambda _: (drawing.begin(0, 0), root.destroy()))
    root.mainloop()
    if ended:
        raise ended[0]
    if drawing.box_ltwh is None:
        raise InputError("--select: no box was drawn")
    return drawing.box_ltwh


class Drawing:
    """A box between the point where a button was pressed and the one where the pointer is.

    Args:
        scale: pixels of the window per pixel of the image.
    """

    def __init__(self, scale: float):
        self.scale = scale
        self.start = self.end = (0, 0)

    def begin(self, x: int, y: int) -> None:
        self.start = self.end = (x, y)

    def to(self, x: int, y: int) -> None:
        self.end = (x, y)

    @property
    def box_ltwh(self) -> list[float] | None:
        """In pixels of the image; None where there is none."""
        (x, y), (right, bottom) = self.start, self.end
        left, top, wide, high = min(x, right), min(y, bottom), abs(right - x), abs(bottom - y)
        if wide < 2 or high < 2:
            return None
        return [round(value / self.scale, 1) for value in (left, top, wide, high)]
