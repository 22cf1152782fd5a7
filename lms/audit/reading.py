"""From what somebody typed to a search, and from entries to what is read: names instead of identifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.audit import rules
from lms.audit.forms import AuditSearchForm
from lms.audit.names import FIELD_NAMES
from lms.audit.queries import Search, Unsealed, Verified
from lms.kit.actors import SERVICE
from lms.kit.clock import local_midnight
from lms.kit.formats import number, short_datetime
from lms.kit.naming import Namer, identifiers, names_of
from lms.kit.vietnamese import fold

MATCHES = 300  # people or agencies that one typed name may mean


@dataclass(frozen=True, slots=True)
class Named:
    """A value as it is read; `url`: the page about it."""

    text: str
    url: str | None = None


def namers() -> Sequence[Namer]:
    found: Sequence[Namer] = current_app.extensions["lms.namers"]
    return found


def action_name(action: str) -> str:
    names: Mapping[str, Any] = current_app.extensions["lms.audit_names"]
    return str(names.get(action, action))


def action_choices() -> list[tuple[str, str]]:
    """Every action there is, by its name."""
    names: Mapping[str, Any] = current_app.extensions["lms.audit_names"]
    return sorted(((action, str(name)) for action, name in names.items() if "=" not in action), key=lambda pair: fold(pair[1]))


def search_of(session: Session, form: AuditSearchForm, zone: ZoneInfo) -> Search:
    """What a valid form asks for. A statement for each kind of thing that a typed name may mean."""
    actors, service, subjects = None, False, None
    if typed := form.actor.data:
        actors = _found(session, typed, [namer for namer in namers() if namer.kind == "person"])
        service = fold(typed) in fold(SERVICE.display_name)
    if typed := form.subject.data:
        subjects = {typed, *(str(identifier) for identifier in _found(session, typed, namers()))}
    first, last = form.days()
    return Search(
        actors=actors,
        service=service,
        subjects=subjects,
        action=form.action.data or None,
        address=form.address.data or None,
        since=local_midnight(first, zone) if first else None,
        until=local_midnight(last + timedelta(days=1), zone) if last else None,
    )


def _found(session: Session, typed: str, asked: Iterable[Namer]) -> set[UUID]:
    exact = identifiers([typed])
    return exact or {identifier for namer in asked for identifier in namer.find(session, typed, MATCHES)}


class Reader:
    """Makes entries legible; asks for the names of all that a page mentions at once."""

    def __init__(self, session: Session, entries: Iterable[rules.Entry], zone: ZoneInfo) -> None:
        self._zone = zone
        mentioned = {text for entry in entries for text in (entry.subject, *_texts(entry.details))}
        self._names = names_of(namers(), session, mentioned)

    def subject(self, entry: rules.Entry) -> str:
        return self._names.get(entry.subject, entry.subject)

    def field(self, key: str) -> str:
        return str(FIELD_NAMES.get(key, key)) if key else _("Giá trị")

    def value(self, key: str, value: object) -> str:
        """A detail's value for a reader."""
        if value is None or value in ("", [], {}):
            return "—"
        if isinstance(value, Mapping):
            return "; ".join(f"{self.field(part)}: {self.value(part, inner)}" for part, inner in value.items())
        if isinstance(value, list):
            return ", ".join(self.value(key, inner) for inner in value)
        return self._word(key, value)

    def _word(self, key: str, value: object) -> str:
        """A single value: yes or no, a number, a name, a day."""
        if isinstance(value, bool):
            return str(_("Có") if value else _("Không"))
        if isinstance(value, int):
            return number(value)
        text = str(value)
        known: Mapping[str, Any] = current_app.extensions["lms.audit_names"]
        if f"{key}={text}" in known:
            return str(known[f"{key}={text}"])
        return self._names.get(text) or _moment(text, self._zone)

    def summary(self, entry: rules.Entry) -> str:
        """All details in one line, for a table's cell."""
        changed, rest = rules.as_table(entry.details)
        parts = [f"{self.field(key)}: {self.value(key, before)} → {self.value(key, after)}" for key, before, after in changed]
        return "; ".join(parts + [f"{self.field(key)}: {self.value(key, value)}" for key, value in rest])


def told(found: Verified, waiting: Unsealed) -> str:
    """The outcome of a verification in one sentence."""
    if found.fault is not None:
        return fault_sentence(found)
    end = found.head.hash[:16] if found.head else "–"
    return str(
        _(
            "%(links)s mục liền chuỗi, mã cuối %(head)s…, %(waiting)s mục chờ niêm phong",
            links=number(found.links),
            head=end,
            waiting=number(waiting.count),
        )
    )


def fault_sentence(found: Verified) -> str:
    values = {"sequence": found.sequence, "entry": found.entry_id}
    sentences: dict[str, str] = {
        "entry_altered": _("Mục số %(sequence)s (%(entry)s) đã bị sửa sau khi niêm phong", **values),
        "entry_missing": _("Mục số %(sequence)s (%(entry)s) đã bị xóa khỏi nhật ký", **values),
        "link_missing": _("Chuỗi bị đứt ngay trước mục số %(sequence)s (%(entry)s)", **values),
        "checkpoint_untold": _("Phần đầu đến mục số %(sequence)s bị xóa mà không có mục nào ghi lại việc xóa", **values),
    }
    return sentences[found.fault or ""]


def page_about(session: Session, text: str) -> str | None:
    """The page about a subject, where it is something with a page."""
    ids = identifiers([text])
    for namer in namers():
        if ids and namer.names(session, ids):
            return namer.page(next(iter(ids)))
    return None


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _moment(text: str, zone: ZoneInfo) -> str:
    """`2026-10-01` → 01/10/2026; a moment in the province's time; anything else as it is."""
    show: Callable[[datetime], str] = (lambda day: f"{day:%d/%m/%Y}") if len(text) == 10 else (lambda at: short_datetime(at, zone))
    if len(text) < 10 or text[4:5] != "-" or text[7:8] != "-":
        return text
    try:
        return show(datetime.fromisoformat(text))
    except ValueError:
        return text
