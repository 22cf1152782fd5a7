"""The rules of a figure: a small drawing of our own that can do nothing but be looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.parsers import expat

from courses.authoring.problems import Problems
from lms.kit.errors import N_

MOST_BYTES = 12 * 1024
DRAWN = {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "textPath"}
SUPPORTING = {
    "title",
    "desc",
    "defs",
    "symbol",
    "use",
    "marker",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "pattern",
    "style",
}
ELEMENTS = DRAWN | SUPPORTING
LEAST_TEXT = 14.0  # units in a box 360 wide: 14 px on the narrowest phone
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#)|@import|@font-face|javascript:|expression\(", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def check_figure(file: str, content: bytes, problems: Problems) -> None:
    """Note what keeps a drawing out: size, script, anything from outside, a fixed width."""
    if len(content) > MOST_BYTES:
        problems.add(
            file,
            1,
            N_("Hình nặng %(size)s byte, nhiều nhất là %(most)s: bớt điểm của đường vẽ, bỏ phần ẩn."),
            size=len(content),
            most=MOST_BYTES,
        )
    if b"<!" in content.replace(b"<!--", b""):
        problems.add(file, 1, N_("Hình không được có <!DOCTYPE hay <!ENTITY: xoá dòng ấy."))
        return
    _Reader(file, problems).read(content)


class _Reader:
    """Follows the elements of one drawing."""

    def __init__(self, file: str, problems: Problems) -> None:
        self._file = file
        self._problems = problems
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._element
        self._parser.CharacterDataHandler = self._characters
        self._inside: list[str] = []
        self._parser.EndElementHandler = lambda name: self._inside.pop()
        self._box_width = 360.0

    def read(self, content: bytes) -> None:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            self._problems.add(
                self._file,
                error.lineno,
                N_("Không đọc được hình: tệp SVG chưa đúng cú pháp (%(reason)s)."),
                reason=expat.ErrorString(error.code),
            )

    def _add(self, message: str, **values: str) -> None:
        self._problems.add(self._file, self._parser.CurrentLineNumber, message, **values)

    def _element(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._inside:
            self._root(name, attributes)
        self._inside.append(name)
        if name not in ELEMENTS:
            self._add(N_("Hình không được có phần tử <%(name)s>: chỉ vẽ bằng đường, hình và chữ."), name=name)
        for key, value in attributes.items():
            self._attribute(key, value)
        self._text_size(name, attributes)

    def _root(self, name: str, attributes: Mapping[str, str]) -> None:
        if name != "svg":
            self._add(N_("Hình phải là tệp SVG, bắt đầu bằng <svg>."))
            return
        box = attributes.get("viewBox", "").replace(",", " ").split()
        if len(box) != 4 or not all(_NUMBER.fullmatch(part.lstrip("-")) for part in box):
            self._add(N_('Thiếu viewBox: thêm viewBox="0 0 360 …" vào <svg>.'))
        else:
            self._box_width = float(box[2]) or 360.0
        if "width" in attributes or "height" in attributes:
            self._add(N_("Bỏ width và height của <svg>: hình phải co theo màn hình."))

    def _attribute(self, key: str, value: str) -> None:
        if key.lower().startswith("on"):
            self._add(N_("Hình không được có mã lệnh: bỏ thuộc tính “%(name)s”."), name=key)
        if key in ("href", "xlink:href") and not value.startswith("#"):
            self._add(N_("Hình không được lấy gì từ bên ngoài: bỏ “%(name)s”."), name=key)
        if _OUTSIDE.search(value):
            self._add(N_("Hình không được lấy gì từ bên ngoài: bỏ “%(name)s”."), name=value)

    def _characters(self, text: str) -> None:
        if self._inside and self._inside[-1] == "style" and _OUTSIDE.search(text):
            self._add(N_("Hình không được lấy gì từ bên ngoài: bỏ “%(name)s”."), name=text.strip())

    def _text_size(self, name: str, attributes: Mapping[str, str]) -> None:
        size = attributes.get("font-size", "")
        if name in ("text", "tspan") and _NUMBER.fullmatch(size) and float(size) * 360 / self._box_width < LEAST_TEXT:
            self._problems.notice(
                self._file,
                self._parser.CurrentLineNumber,
                N_("Chữ cao %(size)s: khó đọc trên điện thoại, cần ít nhất 14 khi hình rộng 360."),
                size=size,
            )
