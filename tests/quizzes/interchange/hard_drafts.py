"""Sound items of every kind, as chance makes them: with texts that are hard on every format."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from quizzes.kinds import KINDS
from quizzes.rules.bank import ItemDraft, ItemPurpose, Level

PICTURE = "3f" * 32
PICTURES = {PICTURE: b"\x89PNG\r\n\x1a\n" + b"a picture"}

_HARD = "abc ăđệ ơư ĐỒNG {}=~#:%\\\"'<>&;|/[](),.*-_$@!?1234567890\n ²½–…“”😀"
_PIECES = st.one_of(
    st.text(alphabet=_HARD, min_size=1, max_size=25),
    st.sampled_from(
        [
            "**đậm**",
            "a****b",
            "** **",
            "2 ** 3",
            "{{1}}",
            "{1:SHORTANSWER:=x}",
            "<b>x</b>",
            "&lt;p&gt;",
            "]]>",
            "[[1]]",
            "//",
            "::a::",
            "a\n\nb",
            "\t",
        ]
    ),
)
texts = st.lists(_PIECES, min_size=1, max_size=3).map("".join).map(str.strip).filter(lambda text: bool(text.strip()))
ids = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
plain_texts = texts.map(lambda text: " ".join(text.split()))


@st.composite
def listed(draw: st.DrawFn, least: int = 2, most: int = 5) -> list[dict[str, str]]:
    """Options with ids and texts of their own."""
    names = draw(st.lists(ids, min_size=least, max_size=most, unique=True))
    words = draw(st.lists(texts, min_size=len(names), max_size=len(names), unique_by=lambda text: text.casefold()))
    return [{"id": name, "text": text} for name, text in zip(names, words, strict=True)]


def _scoring(*allowed: str) -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from([{}, *({"scoring": one} for one in allowed)])


_NUMBERS = st.sampled_from(["0", "12.5", "-3", "1985", "0.001", "100000", "24.0"])


def _number_spec() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [{}, {"tolerance": "0.5"}, {"tolerance": 2}, {"tolerance_percent": "5"}, {"unit": "GB"}, {"unit": "m²", "tolerance": "0"}]
    )


def _word_spec() -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from([{}, {"diacritics": "ignored"}, {"diacritics": "kept"}])


_WORDS = st.lists(
    st.text(alphabet="abcăđệ ơư 12{}=~#%:*<>&\"'/\\", min_size=1, max_size=20).map(lambda text: " ".join(text.split()) + "x"),
    min_size=1,
    max_size=4,
    unique=True,
)


@st.composite
def _single(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    options = draw(listed())
    return {"options": options}, [draw(st.sampled_from(options))["id"]]


@st.composite
def _multiple(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    options = draw(listed())
    key = draw(st.lists(st.sampled_from([one["id"] for one in options]), min_size=1, unique=True))
    return {"options": options, **draw(_scoring("all", "partial", "penalty"))}, key


@st.composite
def _statements(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    statements = draw(listed())
    key = [f"{one['id']}={draw(st.sampled_from(['true', 'false']))}" for one in statements]
    return {"statements": statements, **draw(_scoring("all", "partial"))}, draw(st.permutations(key))


@st.composite
def _matching(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    premises, options = draw(listed()), draw(listed())
    key = [f"{one['id']}={draw(st.sampled_from(options))['id']}" for one in premises]
    return {"premises": premises, "options": options, **draw(_scoring("all", "partial"))}, draw(st.permutations(key))


@st.composite
def _ordering(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    steps = draw(listed())
    places = draw(st.permutations(range(1, len(steps) + 1)))
    key = [f"{step['id']}={place}" for step, place in zip(steps, places, strict=True)]
    return {"steps": steps, **draw(_scoring("all", "partial"))}, key


@st.composite
def _numeric(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    body = draw(_number_spec())
    if draw(st.booleans()):
        units = draw(listed())
        body = {**body, "units": [{**unit, "factor": "1" if place == 0 else "1000"} for place, unit in enumerate(units)]}
    return body, [draw(_NUMBERS)]


@st.composite
def _short_answer(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    return draw(_word_spec()), draw(_WORDS)


@st.composite
def _cloze(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    names = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    gaps, key, text = [], [], draw(texts).replace("{{1}}", "")
    for name in names:
        kind = draw(st.sampled_from(["list", "text", "number"]))
        gap: dict[str, Any] = {"id": name, "kind": kind}
        if kind == "list":
            gap["options"] = draw(listed())
            key.append(f"{name}={draw(st.sampled_from(gap['options']))['id']}")
        elif kind == "text":
            gap |= draw(_word_spec())
            key += [f"{name}={word}" for word in draw(_WORDS)]
        else:
            gap |= draw(_number_spec())
            key.append(f"{name}={draw(_NUMBERS)}")
        gaps.append(gap)
        text += f" {{{{{name}}}}} " + draw(texts).replace("{{1}}", "")
    return {"text": text.strip(), "gaps": gaps, **draw(_scoring("all", "partial"))}, key


@st.composite
def _hotspot(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    shapes = st.sampled_from(
        [("rect", [10, 20, 30, 40]), ("circle", [50, 60, 9]), ("poly", [0, 0, 9, 0, 9, 9]), ("poly", [1, 1, 5, 1, 5, 5, 1, 1])]
    )
    spots = []
    for one in draw(listed()):
        shape, coords = draw(shapes)
        spots.append({**one, "shape": shape, "coords": list(coords)})
    body = {"picture": {"sha256": PICTURE, "alt": draw(plain_texts), "width": 800, "height": 600}, "spots": spots}
    return body, [draw(st.sampled_from(spots))["id"]]


@st.composite
def _essay(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    rubric = [{**one, "points": draw(st.integers(1, 100))} for one in draw(listed(least=1))]
    extra = draw(st.sampled_from([{}, {"markers": 2}, {"guidance": "Chấm theo **ý**.\n\nKhông trừ lỗi chính tả."}]))
    return {"rubric": rubric, **extra}, []


BODIES: dict[str, st.SearchStrategy[tuple[dict[str, Any], list[str]]]] = {
    "single_choice": _single(),
    "multiple_choice": _multiple(),
    "true_false": st.sampled_from(["true", "false"]).map(lambda key: ({}, [key])),
    "statement_group": _statements(),
    "matching": _matching(),
    "ordering": _ordering(),
    "numeric": _numeric(),
    "short_answer": _short_answer(),
    "cloze": _cloze(),
    "hotspot": _hotspot(),
    "essay": _essay(),
}


@st.composite
def drafts(draw: st.DrawFn, kind: str | None = None) -> ItemDraft:
    """A sound item; of this kind, or of any."""
    kind = kind or draw(st.sampled_from(sorted(BODIES)))
    body, key = draw(BODIES[kind])
    if kind != "hotspot" and draw(st.booleans()):
        body = {**body, "picture": {"sha256": PICTURE, "alt": draw(plain_texts), "width": 800, "height": 600}}
    to_be_explained = KINDS[kind].to_be_explained(body)
    return ItemDraft(
        code=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}", fullmatch=True)),
        topic=draw(st.sampled_from(["CB1.3", "IT5.1", "KN2"])),
        kind=kind,
        level=draw(st.sampled_from(list(Level))).value,
        stem=draw(texts),
        body=body,
        key=key,
        explanation=draw(texts),
        whys={one: draw(texts) for one in to_be_explained},
        legal_basis=draw(st.none() | texts),
        valid_from=draw(st.none() | st.just(date(2026, 7, 1))),
        valid_to=draw(st.none() | st.just(date(2027, 1, 1))),
        competency=draw(st.none() | plain_texts),
        lesson=draw(st.none() | plain_texts),
        framework=draw(st.none() | st.just("DigComp 3.0")),
        tags=draw(st.sampled_from([(), ("an toàn",), ("an toàn", "quý iv")])),
        purpose=draw(st.sampled_from([None, *(one.value for one in ItemPurpose)])),
    ).stored()


def unlike(one: ItemDraft, other: ItemDraft | None) -> dict[str, tuple[Any, Any]]:
    """What differs between two items, for messages people can read."""
    if other is None:
        return {"draft": (one, None)}
    return {
        name: (getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__ if getattr(one, name) != getattr(other, name)
    }
