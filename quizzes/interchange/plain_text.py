"""HTML of strangers as items keep text. Made regular first, in one pass whatever it holds: what reads it afterwards is never slow."""

from __future__ import annotations

import re
from collections.abc import Mapping

import nh3

from lms.kit.errors import N_
from quizzes.interchange import markup
from quizzes.interchange.document import Finding, lost

_HOSTILE: Mapping[str, str] = {
    "script": N_("mã lệnh (script)"),
    "style": N_("kiểu trình bày (style)"),
    "iframe": N_("trang nhúng"),
    "object": N_("đối tượng nhúng"),
    "embed": N_("đối tượng nhúng"),
    "svg": N_("hình vẽ SVG"),
    "math": N_("công thức toán (MathML)"),
    "form": N_("biểu mẫu"),
    "link": N_("tệp trình bày ngoài"),
    "base": N_("địa chỉ gốc"),
    "meta": N_("khai báo (meta)"),
}
_HOSTILE_TAG = re.compile(r"<\s*(" + "|".join(_HOSTILE) + r")\b", re.IGNORECASE)
_DROPPED_WHOLE = {"script", "style", "iframe", "object", "embed", "svg", "template", "noscript", "textarea", "title"}
_KNOWN = set(
    "p div section article header footer main figure figcaption blockquote address h1 h2 h3 h4 h5 h6 ul ol dl dt dd li table "  # noqa: SIM905
    "caption tbody "
    "thead tfoot tr td th pre hr br b strong i em u s del ins sub sup small big span font a img code kbd mark q cite abbr audio video "
    "source input select option button center wbr math mi mo mn mrow msup msub mfrac".split()
)
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height"}}
_LOOKS_LIKE_TAG = re.compile(r"<(?:[a-z][a-z0-9]*(?:\s[^<>]*)?/?|/[a-z][a-z0-9]*\s*|!--[^<>]*--)>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)


def has_markup(text: str) -> bool:
    """Is this HTML rather than plain text that happens to have a sign < or & in it?"""
    return bool(_LOOKS_LIKE_TAG.search(text) or _ENTITY.search(text))


def regular(html: str) -> str:
    """The same HTML with every tag closed and what nobody may run left out; linear in its length."""
    return nh3.clean(
        html,
        tags=_KNOWN,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
        strip_comments=True,
    )


def from_html(html: str) -> tuple[str, list[Finding], tuple[markup.Image, ...]]:
    """The text, what of the HTML it cannot say, and the pictures it shows. Never raises, for HTML up to `markup.LONGEST_MARKUP`."""
    if len(html) > markup.LONGEST_MARKUP:
        return "", [lost(N_("đoạn HTML dài hơn %(most)s ký tự"), most=markup.LONGEST_MARKUP)], ()
    if markup.is_too_deep(html):
        return "", [lost(N_("đoạn HTML lồng nhau quá %(most)s tầng, bỏ qua"), most=markup.DEEPEST_MARKUP)], ()
    if "<" not in html and "&" not in html:
        return " ".join(html.split()), [], ()
    names = [_HOSTILE[found.lower()] for found in dict.fromkeys(_HOSTILE_TAG.findall(html))]
    read = markup.read_inside(markup.html_tree(regular(html)))
    return read.text, markup.findings([*names, *read.lost]), read.images
