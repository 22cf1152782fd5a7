"""Events and differences told in sentences. Agencies in a sentence are pieces of their own, so that a page can make links of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from msgspec import UNSET

from lms.agencies.queries.changes import Names
from lms.agencies.rules.closure import FOREVER
from lms.agencies.rules.differences import Difference
from lms.agencies.rules.events import (
    Abolition,
    Amendment,
    Consolidation,
    Details,
    Division,
    Establishment,
    Founding,
    Merger,
    Recoding,
    foundings,
)
from lms.agencies.rules.kinds import BLOCK_NAMES, EVENT_NAMES, KIND_NAMES, LEVEL_NAMES, SCHEME_NAMES
from lms.agencies.rules.replay import Version
from lms.kit.formats import number

MOST_NAMED = 8  # agencies named in one sentence; of more the number is
_PLACE = re.compile(r"%\((\w+)\)s")
_WORDS: Mapping[str, Mapping[str, str]] = {"kind": KIND_NAMES, "block": BLOCK_NAMES, "level": LEVEL_NAMES}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence; with `agency` it is that agency's name."""

    text: str
    agency: UUID | None = None


Sentence = list[Piece]
Value = str | Piece | Sequence[Piece]


def kind_name(kind: str) -> str:
    return str(_(EVENT_NAMES[kind]) if kind in EVENT_NAMES else kind)


def mentioned(details: Details | None) -> set[UUID]:
    """The agencies a sentence about an event names."""
    if details is None:
        return set()
    found = {founding.agency for founding in foundings(details)} | {one.parent for one in foundings(details) if one.parent}
    if isinstance(details, Merger):
        found |= {*details.agencies, details.into}
    elif isinstance(details, Consolidation):
        found |= set(details.agencies)
    elif isinstance(details, Division):
        found |= {details.agency, *(part.agency for part in details.parts)}
    else:
        found.add(details.agency)
    if isinstance(details, Amendment) and isinstance(details.parent, UUID):
        found.add(details.parent)
    return found


def sentence(details: Details | None, kind: str, on: date, names: Names) -> Sentence:
    """What happened, in one sentence."""
    if details is None:
        return [Piece(f"{kind_name(kind)}.")]
    new = {founding.agency: founding.name for founding in foundings(details)}
    tell = _TELLERS[type(details)]
    return tell(details, _Namer(names, on, new))


@dataclass(frozen=True, slots=True)
class _Namer:
    """Agencies by the name they had until the day, or have from then on."""

    names: Names
    day: date
    new: Mapping[UUID, str]

    def was(self, agency: UUID) -> Piece:
        return Piece(self.names.on(agency, self.day - timedelta(days=1)), agency)

    def now(self, agency: UUID) -> Piece:
        return Piece(self.new.get(agency) or self.names.on(agency, self.day), agency)


def _merger(details: Merger, named: _Namer) -> Sentence:
    agencies = _several(map(named.was, details.agencies))
    return _filled(_("%(agencies)s sáp nhập vào %(into)s."), agencies=agencies, into=named.now(details.into))


def _consolidation(details: Consolidation, named: _Namer) -> Sentence:
    agencies = _several(map(named.was, details.agencies))
    return _filled(_("%(agencies)s hợp nhất thành %(made)s."), agencies=agencies, made=named.now(details.founding.agency))


def _division(details: Division, named: _Namer) -> Sentence:
    template = _("%(agency)s chia tách, một phần sang %(parts)s.") if details.survives else _("%(agency)s chia tách thành %(parts)s.")
    return _filled(template, agency=named.was(details.agency), parts=_several(named.now(part.agency) for part in details.parts))


def _abolition(details: Abolition, named: _Namer) -> Sentence:
    return _filled(_("%(agency)s giải thể."), agency=named.was(details.agency))


def _establishment(details: Establishment, named: _Namer) -> Sentence:
    if details.parent is None:
        return _filled(_("Thành lập %(agency)s."), agency=named.now(details.agency))
    template = _("Thành lập %(agency)s, trực thuộc %(parent)s.")
    return _filled(template, agency=named.now(details.agency), parent=named.now(details.parent))


def plain(told: Sentence) -> str:
    return "".join(piece.text for piece in told)


def _amendment(details: Amendment, named: _Namer) -> Sentence:
    agency = details.agency
    if details.parent is not UNSET:
        return _move(agency, details.parent, named)
    if isinstance(details.name, str):
        return _filled(_("%(agency)s đổi tên thành %(name)s."), agency=named.was(agency), name=Piece(f"“{details.name}”"))
    facts = [f"{label} {value}" for label, value in _facts(details)]
    if not facts:
        return _filled(_("Điều chỉnh thông tin của %(agency)s."), agency=named.now(agency))
    return _filled(_("Điều chỉnh thông tin của %(agency)s: %(facts)s."), agency=named.now(agency), facts="; ".join(facts))


def _move(agency: UUID, to: UUID | None, named: _Namer) -> Sentence:
    former = named.names.parent_on(agency, named.day - timedelta(days=1))
    if to is None:
        return _filled(_("%(agency)s không còn trực thuộc cơ quan nào."), agency=named.now(agency))
    if former is None or former == to:
        return _filled(_("%(agency)s trực thuộc %(to)s."), agency=named.now(agency), to=named.now(to))
    template = _("%(agency)s chuyển từ trực thuộc %(former)s sang trực thuộc %(to)s.")
    return _filled(template, agency=named.now(agency), former=named.was(former), to=named.now(to))


def _facts(details: Amendment) -> Iterable[tuple[str, str]]:
    for name, value in details.changes().items():
        if name in ("short_name", *_WORDS):
            yield field_name(name).lower(), value_name(name, value)


def _recoding(details: Recoding, named: _Namer) -> Sentence:
    agency = named.now(details.agency)
    scheme = _(SCHEME_NAMES[details.scheme]) if details.scheme in SCHEME_NAMES else details.scheme
    scheme = scheme[:1].lower() + scheme[1:]
    if details.code is None:
        return _filled(_("%(agency)s thôi dùng %(scheme)s."), agency=agency, scheme=scheme)
    template = _("%(agency)s có thêm %(scheme)s là %(code)s.") if details.beside else _("%(agency)s có %(scheme)s mới là %(code)s.")
    return _filled(template, agency=agency, scheme=scheme, code=details.code)


_TELLERS: Mapping[type, Callable[[Any, _Namer], Sentence]] = {
    Merger: _merger,
    Consolidation: _consolidation,
    Division: _division,
    Abolition: _abolition,
    Recoding: _recoding,
    Establishment: _establishment,
    Amendment: _amendment,
}


def _several(pieces: Iterable[Piece]) -> list[Piece]:
    """“A, B và C”; of many the first and how many more."""
    listed = list(pieces)
    rest = len(listed) - MOST_NAMED
    shown = listed[: MOST_NAMED - 1] if rest > 0 else listed
    found: list[Piece] = []
    for index, piece in enumerate(shown):
        if index:
            last = index == len(shown) - 1 and rest <= 0
            found.append(Piece(f" {_('và')} " if last else ", "))
        found.append(piece)
    if rest > 0:
        found.append(Piece(" " + _("và %(count)s đơn vị khác", count=len(listed) - len(shown))))
    return found


def _filled(template: str, **values: Value) -> Sentence:
    """The template with pieces in its places."""
    told: Sentence = []
    end = 0
    for place in _PLACE.finditer(template):
        told.append(Piece(template[end : place.start()]))
        value = values[place[1]]
        told += [value] if isinstance(value, Piece) else [Piece(value)] if isinstance(value, str) else list(value)
        end = place.end()
    told.append(Piece(template[end:]))
    return [piece for piece in told if piece.text]


def field_name(field: str) -> str:
    names: dict[str, str] = {
        "name": _("Tên"),
        "short_name": _("Tên viết tắt"),
        "kind": _("Loại"),
        "block": _("Khối"),
        "level": _("Cấp"),
        "parent": _("Cơ quan chủ quản"),
    }
    return names[field]


def value_name(field: str, value: Any, names: Mapping[UUID, str] | None = None) -> str:
    """A field's value as people say it."""
    if value is None:
        return str(_("không có"))
    if field == "parent":
        return (names or {}).get(value, "—")
    words = _WORDS.get(field, {})
    return str(_(words[value]) if value in words else value)


def difference_rows(found: Sequence[Difference], names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """Rows of the table “before and after” in a preview."""
    return [
        {
            "agency": _name_of(one),
            "from": _span(one),
            "before": _state(one.before, one.fields, names),
            "after": _state(one.after, one.fields, names),
            "what": _what(one),
        }
        for one in found
    ]


def _what(one: Difference) -> dict[str, Any]:
    if one.goes_on:
        return {"tag": {"text": _("Tiếp tục"), "kind": "active"}}
    if one.begins:
        return {"tag": {"text": _("Bắt đầu"), "kind": "done"}}
    if one.ends:
        return {"tag": {"text": _("Kết thúc"), "kind": "closed"}}
    return {"tag": {"text": _("Thay đổi"), "kind": "active"}}


def _span(one: Difference) -> str:
    begin = f"{one.since:%d/%m/%Y}"
    if one.until == FOREVER:
        return begin
    return str(_("%(begin)s đến hết %(end)s", begin=begin, end=f"{one.until - timedelta(days=1):%d/%m/%Y}"))


def _name_of(one: Difference) -> str:
    version = one.after or one.before
    return version.name if version else "—"


def _state(version: Version | None, fields: Sequence[str], names: Mapping[UUID, str]) -> str:
    if version is None:
        return str(_("không tồn tại"))
    if not fields:  # it begins or ends: say where it is or was
        parent = names.get(version.parent, "—") if version.parent else None
        return str(_("trực thuộc %(parent)s", parent=parent) if parent else _("đơn vị cao nhất"))
    return "; ".join(f"{field_name(field)}: {value_name(field, getattr(version, field), names)}" for field in fields)


def button_text(change: Any, people: int) -> str:
    """What pressing the button does, in the words of the change."""
    details, day = change.details, f"{change.on:%d/%m/%Y}"
    moved = _(", chuyển %(people)s người", people=number(people)) if people else ""
    if isinstance(details, Merger):
        return str(_("Sáp nhập %(count)s đơn vị%(moved)s từ %(day)s", count=len(details.agencies), moved=moved, day=day))
    if isinstance(details, Consolidation):
        return str(_("Hợp nhất %(count)s đơn vị%(moved)s từ %(day)s", count=len(details.agencies), moved=moved, day=day))
    if isinstance(details, Division):
        return str(_("Chia tách thành %(count)s phần%(moved)s từ %(day)s", count=len(details.parts), moved=moved, day=day))
    if isinstance(details, Abolition):
        return str(_("Giải thể đơn vị từ %(day)s", day=day))
    if isinstance(details, Founding):
        return str(_("Thành lập đơn vị từ %(day)s", day=day))
    return str(_("Ghi %(kind)s từ %(day)s", kind=kind_name(change.kind).lower(), day=day))
