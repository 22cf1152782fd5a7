"""The picture an item of any kind may have, and the places marked on it. `body["picture"]` names a stored picture by the SHA-256 of its
bytes; coordinates are in the picture's own pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lms.kit.errors import N_
from quizzes.kinds.base import Body, Problem

SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST_ALT = 1000
LARGEST_SIDE = 10_000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
RECT, CIRCLE, POLY = "rect", "circle", "poly"
SHAPES = (RECT, CIRCLE, POLY)
# x, y, width, height; x, y, radius; or at least three corners.
_COORDINATES = {RECT: 4, CIRCLE: 3}
_LEAST_CORNERS, _MOST_CORNERS = 6, 200


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it is drawn over the picture: its letter stands at (`x`, `y`)."""

    id: str
    letter: str
    shape: str
    coords: tuple[int, ...]
    x: int
    y: int

    @property
    def points(self) -> str:
        """The corners as SVG writes them."""
        return " ".join(f"{x},{y}" for x, y in zip(self.coords[::2], self.coords[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class Picture:
    sha256: str
    alt: str
    width: int
    height: int
    places: tuple[Place, ...] = ()

    @property
    def letter_size(self) -> int:
        """How high letters over the picture are drawn, so that they can be read when it is as wide as a phone."""
        return max(8, max(self.width, self.height) // 18)


def picture_of(body: Body) -> Picture | None:
    """The picture of a sound item, with its marked places."""
    picture = body.get("picture")
    if not picture:
        return None
    places = (_place(spot, LETTERS[number]) for number, spot in enumerate(body.get("spots", [])))
    return Picture(picture["sha256"], picture["alt"], picture["width"], picture["height"], tuple(places))


def picture_problems(body: Body) -> list[Problem]:
    """What makes an item's picture unusable; an item without one is sound."""
    picture = body.get("picture")
    if not picture:
        return []
    if not isinstance(picture, Mapping) or not SHA256.fullmatch(str(picture.get("sha256", ""))):
        return [Problem(N_("hình phải được đưa vào kho hình trước (picture.sha256)"))]
    found = []
    alt = picture.get("alt")
    if not isinstance(alt, str) or not alt.strip() or len(alt) > LONGEST_ALT:
        found.append(Problem(N_("hình cần lời mô tả (alt) cho người không nhìn thấy hình, tối đa %(most)s ký tự"), {"most": LONGEST_ALT}))
    if not all(_is_size(picture.get(side)) for side in ("width", "height")):
        found.append(Problem(N_("hình cần kích thước (width, height) tính bằng điểm ảnh")))
    return found


def shape_problems(body: Body, spots: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Faults of the places marked on the picture of a body whose picture is sound."""
    picture = body["picture"]
    if not all(_is_shape(spot, picture["width"], picture["height"]) for spot in spots):
        return [Problem(N_("mỗi vùng cần hình dạng rect, circle hoặc poly với đủ tọa độ nằm trong hình"))]
    return []


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_SIDE


def _is_shape(spot: Mapping[str, Any], width: int, height: int) -> bool:
    shape, coords = spot.get("shape"), spot.get("coords")
    if shape not in SHAPES or not isinstance(coords, list):
        return False
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one <= LARGEST_SIDE for one in coords):
        return False
    if shape == POLY:
        if not _LEAST_CORNERS <= len(coords) <= _MOST_CORNERS or len(coords) % 2:
            return False
        return all(x <= width and y <= height for x, y in zip(coords[::2], coords[1::2], strict=True))
    if len(coords) != _COORDINATES[shape] or not all(coords[2:]):
        return False
    right, bottom = (coords[0] + coords[2], coords[1] + coords[3]) if shape == RECT else coords[:2]
    return bool(right <= width and bottom <= height)


def _place(spot: Mapping[str, Any], letter: str) -> Place:
    shape, coords = spot["shape"], tuple(spot["coords"])
    if shape == RECT:
        x, y = coords[0] + coords[2] // 2, coords[1] + coords[3] // 2
    elif shape == CIRCLE:
        x, y = coords[:2]
    else:
        x, y = sum(coords[::2]) * 2 // len(coords), sum(coords[1::2]) * 2 // len(coords)
    return Place(spot["id"], letter, shape, coords, x, y)
