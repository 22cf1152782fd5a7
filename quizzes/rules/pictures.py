"""A picture as it comes in, written anew: decoded and encoded again, so that nothing but its pixels remains. Pure.

What comes out is PNG or JPEG, which every browser shows. Metadata (places, cameras, names), text chunks and whatever was hung behind the
image are gone, so a file that is at once a picture and something else is only a picture afterwards. SVG is not taken: it can hold script.
"""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass

from PIL import Image, ImageOps

from lms.kit.errors import N_, DomainError

LARGEST_IN = 2 * 1024 * 1024
LARGEST_OUT = 300 * 1024
MOST_PIXELS = 24_000_000
LONGEST_SIDE = 1600
LEAST_SIDE = 8
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PNG, JPEG = "image/png", "image/jpeg"
ENDINGS = {PNG: "png", JPEG: "jpg"}
_QUALITIES = (85, 75, 65)
_SMALLER = 0.8

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it is stored. `scale`: how much smaller it is than the one that came in, for coordinates that were measured there."""

    sha256: str
    media_type: str
    content: bytes
    width: int
    height: int
    scale: float


def prepared(content: bytes) -> Prepared:
    """Write a picture anew. Raises DomainError `bad_picture` saying what is wrong with the file."""
    if len(content) > LARGEST_IN:
        raise DomainError(N_("Hình lớn hơn %(megabytes)s MB. Thu nhỏ rồi gửi lại."), code="bad_picture", megabytes=LARGEST_IN // 2**20)
    image = _decoded(content)
    came = max(image.size)
    opaque = image.mode == "RGB"
    photograph = opaque and not _is_drawing(image)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    while True:
        for media_type, encoded in _encodings(image, photograph, opaque):
            if len(encoded) <= LARGEST_OUT:
                sha256 = hashlib.sha256(encoded).hexdigest()
                return Prepared(sha256, media_type, encoded, *image.size, scale=max(image.size) / came)
        size = (max(1, int(image.width * _SMALLER)), max(1, int(image.height * _SMALLER)))
        image = image.resize(size, Image.Resampling.LANCZOS)


def _decoded(content: bytes) -> Image.Image:
    """The pixels, upright, as RGB or RGBA."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:
                raise _too_many()
            opened.load()
            upright = ImageOps.exif_transpose(opened) or opened
            transparent = upright.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in upright.info
            image = upright.convert("RGBA" if transparent else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many() from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, OverflowError, IndexError, KeyError, TypeError):
        raise DomainError(N_("Không đọc được hình. Gửi hình PNG, JPEG, WebP hoặc GIF; hình SVG không nhận."), code="bad_picture") from None
    if min(image.size) < LEAST_SIDE:
        raise DomainError(N_("Hình nhỏ hơn %(least)s điểm ảnh, không xem được."), code="bad_picture", least=LEAST_SIDE)
    return image


def _too_many() -> DomainError:
    return DomainError(N_("Hình quá lớn: tối đa %(most)s triệu điểm ảnh."), code="bad_picture", most=MOST_PIXELS // 1_000_000)


def _is_drawing(image: Image.Image) -> bool:
    """A drawing or a screenshot has few colours and stays sharp as PNG."""
    small = image.copy()
    small.thumbnail((400, 400), Image.Resampling.NEAREST)
    return small.getcolors(maxcolors=2048) is not None


def _encodings(image: Image.Image, photograph: bool, opaque: bool) -> list[tuple[str, bytes]]:
    """The best ways to write it, the first one wanted most."""
    jpegs = [(JPEG, _written(image, "JPEG", quality=quality, optimize=True)) for quality in _QUALITIES] if opaque else []
    png = [(PNG, _written(image, "PNG", optimize=True))]
    return jpegs + png if photograph else png + jpegs


def _written(image: Image.Image, name: str, **options: object) -> bytes:
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    out = io.BytesIO()
    bare.save(out, name, **options)
    return out.getvalue()
