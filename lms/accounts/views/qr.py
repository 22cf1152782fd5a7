"""QR codes within a page: nothing is fetched, nothing is styled inline."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_image(text: str, title: str, *, scale: int = 5) -> Markup:
    """An image of dark modules on a light ground, whatever colours the page has. `scale`: pixels of a module."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=scale, dark="#000", light="#fff", title=title, border=4, svgclass="qr", lineclass=None))  # noqa: S704  # made by us of modules and an escaped title
