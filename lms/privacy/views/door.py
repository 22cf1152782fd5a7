"""The blueprint of every page about personal data."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint
from flask_babel import gettext as _

from lms.kit.clock import local_date, now
from lms.kit.unit import settings
from lms.privacy.queries import RequestRow
from lms.privacy.rules.requests import FIELD_NAMES, KIND_NAMES, STATE_NAMES, RequestKind, RequestState, is_overdue

blueprint = Blueprint("privacy", "lms.privacy", template_folder="templates")


def today() -> date:
    return local_date(now(), settings().zone)


def state_tag(state: str) -> dict[str, str]:
    text, kind = STATE_NAMES[RequestState(state)]
    return {"text": _(text), "kind": kind}


def request_title(kind: str, field: str) -> str:
    """`Đề nghị sửa thông tin: Ngày sinh`"""
    title = str(_(KIND_NAMES[RequestKind(kind)]))
    return f"{title}: {_(FIELD_NAMES[field])}" if field else title


def request_line(row: RequestRow, href: str) -> dict[str, Any]:
    """A row of a table of requests."""
    zone = settings().zone
    late = is_overdue(row.state, local_date(row.due_at, zone), row.complete_by, today())
    deadline = row.complete_by if row.state == RequestState.GRANTED else local_date(row.due_at, zone)
    pending = row.state in (RequestState.OPEN, RequestState.GRANTED)
    return {
        "title": {"text": request_title(row.kind, row.field), "href": href},
        "person": {"text": row.full_name, "note": row.agency_name},
        "made": f"{row.made_at.astimezone(zone):%d/%m/%Y %H:%M}",
        "due": {"text": f"{deadline:%d/%m/%Y}", "tag": {"text": _("Quá hạn"), "kind": "attention"} if late else None} if pending else None,
        "state": {"tag": state_tag(row.state)},
    }
