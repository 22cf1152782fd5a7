"""Can a figure be read by everybody: its words for those who cannot see it, its letters on a phone? The loader checks the file itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

LEAST_ALTERNATIVE = 20  # words; fewer cannot say all a drawing says
LEAST_CONTRAST = 4.5
LETTER = 0.46  # width of a letter, as a share of its height, below which no sans-serif text is
UNKNOWN = "unknown"  # a paper whose colour nothing here tells
_SVG = "{http://www.w3.org/2000/svg}"
_HEX = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_NAMED = {"white": "ffffff", "black": "000000"}


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    for lesson in course.lessons:
        told: dict[int, list[str]] = {}
        first: dict[int, int] = {}
        for line in lesson.lines:
            if line.region == "figure":
                first.setdefault(line.block, line.number)
                if not line.text.startswith("media/"):
                    told.setdefault(line.block, []).extend(line.text.split())
        for block, number in first.items():
            count = len(told.get(block, []))
            if count < LEAST_ALTERNATIVE:
                message = N_("Mô tả hình chỉ %(count)s từ: nói hết những gì hình nói (ít nhất %(least)s từ).")
                findings.error(lesson.file, number, message, count=count, least=LEAST_ALTERNATIVE)
    for name, content in course.media.items():
        for message, values in _faults(content):
            findings.notice(course.path(name), 1, message, **values)


def _faults(content: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Text that is pale or leaves the drawing, as far as plain attributes tell. Nothing for what cannot be read: the loader says so."""
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return
    box = [float(part) for part in re.findall(r"-?[0-9.]+", root.get("viewBox", ""))]
    if len(box) != 4:
        return
    behind: list[tuple[float, float, float, float, str]] = []
    for element, inherited in _walk(root, {}):
        if element.tag == f"{_SVG}rect":
            sides = [_number(element, side) for side in ("x", "y", "width", "height")]
            behind.append((*sides, inherited.get("fill", "#000000")))  # type: ignore[arg-type]
        elif element.tag in (f"{_SVG}circle", f"{_SVG}ellipse"):
            across, down = (_number(element, radius) or _number(element, "r") for radius in ("rx", "ry"))
            left, top = _number(element, "cx") - across, _number(element, "cy") - down
            behind.append((left, top, 2 * across, 2 * down, inherited.get("fill", "#000000")))
        elif element.tag in (f"{_SVG}path", f"{_SVG}polygon") and inherited.get("fill", "") != "none":
            behind.append((*_around(element), UNKNOWN))
        elif element.tag == f"{_SVG}text":
            yield from _about_text(element, inherited, box, behind)


def _walk(element: Element, inherited: dict[str, str]) -> Iterator[tuple[Element, dict[str, str]]]:
    """Elements in the order they are painted, with what they inherit. What is moved is left out: where it ends up is not known here."""
    if element.get("transform"):
        return
    mine = {**inherited, **{name: value for name, value in element.attrib.items() if name in ("fill", "font-size", "text-anchor")}}
    yield element, mine
    for child in element:
        yield from _walk(child, mine)


def _about_text(
    element: Element, inherited: dict[str, str], box: list[float], behind: list[tuple[float, float, float, float, str]]
) -> Iterator[tuple[str, dict[str, str]]]:
    text = "".join(element.itertext()).strip() if not len(element) else (element.text or "").strip()
    x, y = _number(element, "x"), _number(element, "y")
    paper = next(
        (fill for left, top, width, height, fill in reversed(behind) if left <= x <= left + width and top <= y <= top + height), "#fff"
    )
    contrast = _contrast(inherited.get("fill", "#000000"), paper)
    if text and contrast is not None and contrast < LEAST_CONTRAST:
        yield (
            N_("Chữ “%(text)s” nhạt trên nền (tương phản %(contrast)s, cần 4,5)."),
            {"text": text[:40], "contrast": f"{contrast:.1f}".replace(".", ",")},
        )
    size = re.match(r"[0-9.]+", inherited.get("font-size", "14"))
    width = len(text) * LETTER * float(size[0] if size else 14)
    start = {"middle": x - width / 2, "end": x - width}.get(inherited.get("text-anchor", ""), x)
    if text and (start < box[0] - 1 or start + width > box[0] + box[2] + 1):
        yield N_("Chữ “%(text)s” tràn ra ngoài hình."), {"text": text[:40]}


def _around(element: Element) -> tuple[float, float, float, float]:
    """The box of a shape's points: left, top, width, height. A path may be anywhere: the whole drawing."""
    if element.tag == f"{_SVG}path":
        return (-1e6, -1e6, 2e6, 2e6)
    points = [float(part) for part in re.findall(r"-?[0-9.]+", element.get("points", "0 0"))]
    across, down = points[0::2], points[1::2]
    return (min(across), min(down), max(across) - min(across), max(down) - min(down))


def _number(element: Element, name: str) -> float:
    match = re.match(r"-?[0-9.]+", element.get(name, "0"))
    return float(match[0]) if match else 0.0


def _contrast(one: str, other: str) -> float | None:
    lights = [_light(one), _light(other)]
    if lights[0] is None or lights[1] is None:
        return None
    bright, dark = max(lights[0], lights[1]), min(lights[0], lights[1])
    return (bright + 0.05) / (dark + 0.05)


def _light(colour: str) -> float | None:
    """Relative luminance of a plain colour (WCAG 2); None for what is not one."""
    match = _HEX.fullmatch(colour.strip())
    digits = match[1] if match else _NAMED.get(colour.strip())
    if digits is None:
        return None
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
