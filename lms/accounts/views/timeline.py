"""Posts and leaves as lines of a page, the latest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _

from lms.accounts.person_forms import last_day
from lms.accounts.queries import LeaveRow, PostRow
from lms.accounts.rules.people import ABSENCE_NAMES, IT_DUTY_NAMES, ITDuty
from lms.accounts.rules.postings import NATURE_NAMES, Nature, Post

Line = dict[str, Any]


def post_lines(
    posts: Iterable[PostRow | Post],
    names: Mapping[UUID, str],
    today: date,
    links: Callable[[Any], list[dict[str, str]]] | None = None,
) -> list[Line]:
    """A line a post: days, agency, how it is held, what is done there."""
    lines = []
    for post in posts:
        held = post.valid_from <= today < post.valid_to
        facts = [post.job_title, _("nhóm %(code)s", code=post.group_code)]
        if post.it_duty != ITDuty.NONE:
            facts.append(_("CNTT: %(duty)s", duty=_(IT_DUTY_NAMES[ITDuty(post.it_duty)]).lower()))
        if post.absence:
            facts.append(_(ABSENCE_NAMES.get(post.absence, post.absence)))
        if post.decision:
            facts.append(_("theo %(decision)s", decision=post.decision))
        nature = Nature(post.nature)
        tags = [{"text": _("Vị trí chính"), "kind": "done" if held else "neutral"}] if post.is_primary else []
        if nature is not Nature.REGULAR:
            tags.append({"text": _(NATURE_NAMES[nature]), "kind": "active" if held else "neutral"})
        elif not post.is_primary:
            tags.append({"text": _("Không tính ở đây"), "kind": "neutral"})
        lines.append(
            {
                "from": post.valid_from,
                "days": days(post.valid_from, post.valid_to),
                "title": names.get(post.agency_id, ""),
                "facts": [fact for fact in facts if fact],
                "tags": tags,
                "links": links(post) if links else [],
            }
        )
    return lines


def leave_lines(leaves: Iterable[LeaveRow], today: date, person_id: UUID | None = None) -> list[Line]:
    """A line a leave; with a person's id a link to put it right."""
    return [
        {
            "from": leave.valid_from,
            "days": days(leave.valid_from, leave.valid_to),
            "title": _(ABSENCE_NAMES.get(leave.reason, leave.reason)),
            "facts": [_("theo %(decision)s", decision=leave.decision)] if leave.decision else [],
            "tags": [{"text": _("Nghỉ"), "kind": "attention" if leave.valid_from <= today < leave.valid_to else "neutral"}],
            "links": [_correct(person_id, leave.id)] if person_id else [],
        }
        for leave in leaves
    ]


def _correct(person_id: UUID, leave_id: UUID) -> dict[str, str]:
    return {"text": _("Sửa"), "href": url_for("accounts.correct_leave", person_id=person_id, leave_id=leave_id), "about": _("lần nghỉ")}


def together(posts: list[Line], leaves: list[Line]) -> list[Line]:
    return sorted([*posts, *leaves], key=lambda line: line["from"], reverse=True)


def days(valid_from: date, valid_to: date) -> str:
    """“01/07/2025 – nay”, “01/07/2025 – 31/12/2025”: the last day is part of it."""
    last = last_day(valid_to)
    return f"{valid_from:%d/%m/%Y} – {last or _('nay')}"
