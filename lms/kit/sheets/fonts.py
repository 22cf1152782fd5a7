"""Which cells of an .xlsx are set in a font of the time before Unicode, in whose letters TCVN3 or VNI text hides."""

from __future__ import annotations

import re

_OLD = re.compile(r"\.vn|vni-", re.IGNORECASE)


class Styles:
    """Follows `xl/styles.xml`: fonts in their order, and which font each cell format uses."""

    def __init__(self) -> None:
        self._inside: list[str] = []
        self._fonts: list[str] = []
        self._formats: list[int] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        parent = self._inside[-1] if self._inside else ""
        self._inside.append(name)
        if name == "font" and parent == "fonts":
            self._fonts.append("")
        elif name == "name" and parent == "font" and self._fonts:
            self._fonts[-1] = attributes.get("val", "")
        elif name == "xf" and parent == "cellXfs":
            font = attributes.get("fontId", "")
            self._formats.append(int(font) if font.isascii() and font.isdigit() and len(font) < 6 else -1)

    def end(self, _tag: str) -> None:
        self._inside.pop()

    def old_fonts(self) -> dict[str, str]:
        """Number of a cell format, as cells write it → name of its old font."""
        return {
            str(number): self._fonts[font]
            for number, font in enumerate(self._formats)
            if 0 <= font < len(self._fonts) and _OLD.match(self._fonts[font])
        }
