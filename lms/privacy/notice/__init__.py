"""The notice on the processing of personal data: a text in two languages, and which version it is.

Whoever changes what it says raises VERSION: everybody is then shown the new text once.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

VERSION = "2026-11"


@cache
def notice_html(locale: str) -> Markup:
    """The present version in a language; Vietnamese where there is none in it."""
    source = files(__package__) / f"{'en' if locale == 'en' else 'vi'}.md"
    return Markup(nh3.clean(MarkdownIt("commonmark").render(source.read_text(encoding="utf-8"))))  # noqa: S704 - cleaned the moment before
