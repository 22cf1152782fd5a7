"""JSON as one line of plain ASCII without a space: no reader that tidies text changes it. Pure."""

from __future__ import annotations


def one_line(text: str) -> str:
    """The same JSON; every character that a cell or a comment might not keep is written as its number."""
    return "".join(char if "!" <= char <= "~" else _numbered(char) for char in text)


def _numbered(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
