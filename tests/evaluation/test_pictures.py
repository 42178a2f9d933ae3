"""Pictures of every depth and kind are read as they look, or refused in one sentence."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from chromatrack.data import davis, otb
from chromatrack.data.crops import crop_targets
from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError

RNG = np.random.default_rng(5)
GREY = RNG.integers(0, 256, (30, 40), dtype=np.uint8)
RGB = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
GREY16 = RNG.integers(0, 65536, (30, 40), dtype=np.uint16)
RGB16 = RNG.integers(0, 65536, (30, 40, 3), dtype=np.uint16)
SMOOTH = cv2.resize(RGB[:6, :8], (80, 60), interpolation=cv2.INTER_CUBIC)
PALETTE = Image.fromarray(RGB).quantize(16)
OPAQUE = np.full((30, 40), 255, np.uint8)
HALF = np.where(GREY > 128, 255, GREY).astype(np.uint8)


def pil(image, form: str, **options) -> bytes:
    coded = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(coded, form, **options)
    return coded.getvalue()


def opencv(suffix: str, image: np.ndarray) -> bytes:
    """From RGB or grey."""
    bgr = image if image.ndim == 2 else np.ascontiguousarray(image[..., ::-1])
    return cv2.imencode(suffix, bgr)[1].tobytes()


def three(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def with_alpha(colours: np.ndarray, alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([colours, alpha]))


READ = {
    "8 bits": (pil(GREY, "PNG"), three(GREY), 0),
    "16 bits": (opencv(".png", GREY16), three(GREY16) / 257, 0.5),
    "16 bits of colour": (opencv(".png", RGB16), RGB16 / 257, 0.5),
    "16 bits in TIFF": (opencv(".tiff", RGB16), RGB16 / 257, 0.5),
    "16 dark bits": (opencv(".png", RGB16 >> 1), (RGB16 >> 1) / 257, 0.5),
    "16 black bits": (opencv(".png", 0 * GREY16), three(0 * GREY), 0),
    "1 bit": (pil(GREY > 128, "PNG"), three(255 * (GREY > 128)), 0),
    "1 bit of a fax": (pil(GREY > 128, "TIFF", compression="group4"), three(255 * (GREY > 128)), 0),
    "palette": (pil(PALETTE, "PNG"), np.array(PALETTE.convert("RGB")), 0),
    "palette of 4 bits": (pil(PALETTE, "PNG", bits=4), np.array(PALETTE.convert("RGB")), 0),
    "palette in BMP": (pil(PALETTE, "BMP"), np.array(PALETTE.convert("RGB")), 0),
    "grey, opaque": (pil(with_alpha(GREY, OPAQUE), "PNG"), three(GREY), 0),
    "colour, opaque": (pil(with_alpha(RGB, OPAQUE), "PNG"), RGB, 0),
    "WebP": (pil(RGB, "WEBP", lossless=True), RGB, 0),
    "TIFF": (pil(RGB, "TIFF", compression="tiff_lzw"), RGB, 0),
    "CMYK in JPEG": (pil(Image.fromarray(SMOOTH).convert("CMYK"), "JPEG", quality=100), SMOOTH, 4),
    "CMYK in TIFF": (pil(Image.fromarray(RGB).convert("CMYK"), "TIFF"), RGB, 1),
}


@pytest.mark.parametrize("name", READ)
def test_read_as_it_looks(name, tmp_path):
    coded, expected, tolerance = READ[name]
    (tmp_path / "00001.png").write_bytes(coded)
    found = read_image_rgb(tmp_path / "00001.png")
    assert found.dtype == np.uint8
    assert np.abs(found - expected.astype(float)).max() <= tolerance


TWO = {"save_all": True, "append_images": [Image.fromarray(255 - RGB)]}


def claiming(side: int) -> bytes:
    """A PNG of a few bytes that says it is large."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


REFUSED = {
    "14 bits": (opencv(".png", GREY16 >> 2), r"brightest value is 163\d\d of 65535 \(14 bits\)"),
    "12 bits of colour": (opencv(".png", RGB16 >> 4), r"of 65535 \(12 bits\); scale all frames"),
    "8 bits in 16": (opencv(".tiff", RGB16 >> 8), r"of 65535 \(8 bits\)"),
    "float": (pil((GREY / 255).astype(np.float32), "TIFF"), "8 or 16 whole bits, got .* kind F"),
    "32 bits": (pil(GREY.astype(np.int32), "TIFF"), "8 or 16 whole bits, got values of kind I"),
    "float of colour": (opencv(".tiff", (RGB / 255).astype(np.float32)), "cannot be decoded"),
    "Lab": (pil(Image.fromarray(RGB).convert("LAB"), "TIFF"), "got values of kind LAB"),
    "grey, transparent": (pil(with_alpha(GREY, HALF), "PNG"), "some are transparent"),
    "colour, transparent": (pil(with_alpha(RGB, HALF), "PNG"), "some are transparent"),
    "palette, transparent": (pil(PALETTE, "PNG", transparency=3), "some are transparent"),
    "WebP, transparent": (pil(with_alpha(RGB, HALF), "WEBP", lossless=True), "transparent"),
    "animated PNG": (pil(RGB, "PNG", **TWO), r"expected one image, got 2 \(animated"),
    "animated WebP": (pil(RGB, "WEBP", **TWO), r"expected one image, got 2 \(animated"),
    "animated GIF": (pil(RGB, "GIF", **TWO), r"expected one image, got 2 \(animated"),
    "pages": (
        pil(RGB, "TIFF", **TWO),
        r"expected one image, got 2 \(animated, or of several pages",
    ),
    "a bomb": (claiming(60_000), "more pixels than an image of a video has|cannot be decoded"),
    "cut": (pil(RGB, "PNG")[:400], "cannot be decoded"),
    "empty": (b"", "cannot be decoded"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_sentence(name, tmp_path):
    coded, message = REFUSED[name]
    (tmp_path / "00001.png").write_bytes(coded)
    with pytest.raises(InputError, match=message) as caught:
        read_image_rgb(tmp_path / "00001.png")
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / '00001.png'}: ") and "\n" not in told


def test_crops_come_through_the_same_door(tmp_path):
    """They are cut from the bytes of the files, whose digest they keep."""
    full, low = tmp_path / "0001.png", tmp_path / "0002.png"
    large = cv2.resize(RGB16, (160, 120), interpolation=cv2.INTER_NEAREST)
    full.write_bytes(opencv(".png", large))
    low.write_bytes(opencv(".png", large >> 2))
    boxes = np.array([[40.0, 30, 50, 40]])
    cropped, _ = crop_targets([Sequence("a", (full,), boxes)], margin=8, quality=95)
    crop = cv2.imdecode(np.frombuffer(cropped[0].jpegs(), np.uint8), cv2.IMREAD_COLOR)
    assert crop.mean() == pytest.approx(127, abs=12)
    with pytest.raises(InputError, match=r"0002\.png: .*\(14 bits\)"):
        crop_targets([Sequence("a", (low,), boxes)], margin=8, quality=95)


def test_a_video_of_14_bits_is_told_with_its_frame(tmp_path):
    """It was tracked as frames of 0 to 63."""
    from chromatrack.cli.main import main

    folder = tmp_path / "otb" / "Warm" / "img"
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / f"{number:04d}.png").write_bytes(opencv(".png", GREY16 >> 2))
    otb.write_boxes(folder.parent / "groundtruth_rect.txt", np.tile([5.0, 5, 12, 12], (3, 1)))
    call = ["run", "otb", "--tracker", "klt", "--root", str(tmp_path / "otb")]
    assert main([*call, "--output", str(tmp_path / "o" / "run.json")]) == 2


@pytest.mark.parametrize(
    ("coded", "message"),
    [
        (opencv(".png", GREY16), "expected an indexed PNG, got mode I;16"),
        (pil(with_alpha(GREY, OPAQUE), "PNG"), "got mode LA"),
        (pil(GREY, "PNG", save_all=True, append_images=[Image.fromarray(255 - GREY)]), "animated"),
    ],
)
def test_masks_of_other_kinds_are_refused(coded, message, tmp_path):
    (tmp_path / "00000.png").write_bytes(coded)
    with pytest.raises(InputError, match=message):
        davis.read_mask(tmp_path / "00000.png")
