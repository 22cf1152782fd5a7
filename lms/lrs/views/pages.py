"""Pages about the record store: what arrives, what is late, what a statement says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import local_date, now
from lms.kit.errors import DomainError
from lms.kit.i18n import preferences, translated
from lms.kit.unit import reading, settings, transaction
from lms.lrs import operations, queries
from lms.lrs.queries import StatementPage
from lms.lrs.queries.forwarding import targets
from lms.lrs.queries.pages import statement_page
from lms.lrs.rules.parameters import Selection
from lms.lrs.rules.rendering import canonical
from lms.lrs.views.blueprint import blueprint
from lms.lrs.views.filters import StatementFilter

SPANS = (14, 30, 90)
PAGE = 25


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement in one line: who did what."""

    id: UUID
    stored: datetime
    who: str
    did: str
    what: str


@dataclass(frozen=True, slots=True)
class VerbVolume:
    verb: str
    today: int
    week: int
    total: int


@blueprint.get("/")
@requires("lrs.view")
def overview() -> str:
    at = now()
    zone = settings().zone
    today = local_date(at, zone)
    span = int(request.args.get("days", "")) if request.args.get("days", "") in {str(days) for days in SPANS} else SPANS[0]
    days = [today - timedelta(days=back) for back in range(span)]
    verb = request.args.get("verb", "")
    with reading() as session:
        counts = queries.volumes(session, days, zone)
        outbox = queries.outbox_state(session)
        lagging = [target for target in targets(session) if target.error or target.faults or target.paused_at]
        page = statement_page(session, Selection(limit=10))
    return render_template(
        "lrs/overview.html",
        at=at,
        today=sum(counts[today].values()),
        total=sum(sum(verbs.values()) for verbs in counts.values()),
        days=[{"day": day, "count": counts[day].get(verb, 0) if verb else sum(counts[day].values())} for day in days],
        span=span,
        spans=SPANS,
        verb=verb,
        verbs=_by_verb(counts, days),
        outbox=outbox,
        lag=_minutes(at - outbox.oldest) if outbox.oldest else 0,
        lagging=lagging,
        statements=[_line(found) for found in page.statements],
    )


@blueprint.get("/statements")
@requires("lrs.view")
def statements() -> str:
    after = _cursor(request.args.get("after"))
    chosen = StatementFilter.of(request.args, settings().zone)
    page = StatementPage([], None)
    if not chosen.faults:
        with reading() as session:
            page = statement_page(session, chosen.selection(settings().base_url, PAGE, after))
    return render_template(
        "lrs/statements.html",
        statements=[_line(found) for found in page.statements],
        last=page.last,
        first=after is None,
        chosen=chosen,
        kept=chosen.kept(),
    )


@blueprint.get("/statements/<uuid:statement_id>")
@requires("lrs.view")
def statement(statement_id: UUID) -> str:
    with reading() as session:
        found = queries.statement_by_id(session, statement_id, voided=False)
        voided = found is None
        found = found or queries.statement_by_id(session, statement_id, voided=True)
    if found is None:
        raise NotFound
    pretty = msgspec.json.format(found.text.encode(), indent=2).decode()
    return render_template("lrs/statement.html", line=_line(found), voided=voided, text=pretty)


@blueprint.post("/outbox/<int(max=9223372036854775807):entry_id>/retry")
@requires("lrs.manage")
def retry(entry_id: int) -> AnyResponse:
    try:
        with transaction() as session:
            operations.retry_entry(session, current_actor(), entry_id, now())
    except DomainError as refusal:
        flash(translated(refusal), "error")
    else:
        flash(_("Đã đưa trở lại hàng chờ"), "success")
    return redirect(url_for("lrs.overview"))


def _cursor(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _by_verb(counts: Mapping[date, Mapping[str, int]], days: Sequence[date]) -> list[VerbVolume]:
    """Days newest first; the verbs most used first."""
    verbs = {verb for verbs in counts.values() for verb in verbs}
    rows = [
        VerbVolume(
            verb=verb,
            today=counts[days[0]].get(verb, 0),
            week=sum(counts[day].get(verb, 0) for day in days[:7]),
            total=sum(counts[day].get(verb, 0) for day in days),
        )
        for verb in verbs
    ]
    return sorted(rows, key=lambda row: (-row.total, row.verb))


def _minutes(span: timedelta) -> int:
    return max(span // timedelta(minutes=1), 0)


def _line(found: queries.StoredStatement) -> StatementLine:
    values = canonical(msgspec.json.decode(found.text), [preferences().locale])
    return StatementLine(
        id=found.id,
        stored=found.stored,
        who=_name(values["actor"]),
        did=_first(values["verb"].get("display")) or _tail(values["verb"]["id"]),
        what=_object_name(values["object"]),
    )


def _name(actor: Mapping[str, Any]) -> str:
    account = actor.get("account", {})
    name = actor.get("name") or account.get("name") or actor.get("mbox") or actor.get("openid") or actor.get("mbox_sha1sum")
    return str(name or _("Nhóm %(count)s người", count=len(actor.get("member", ()))))


def _object_name(target: Mapping[str, Any]) -> str:
    match target.get("objectType", "Activity"):
        case "Activity":
            return _first(target.get("definition", {}).get("name")) or str(target["id"])
        case "StatementRef":
            return str(_("Phát biểu %(id)s", id=target["id"]))
        case "SubStatement":
            return str(_("Một phát biểu lồng bên trong"))
        case _:
            return _name(target)


def _first(texts: Mapping[str, str] | None) -> str:
    return next(iter(texts.values()), "") if texts else ""


def _tail(iri: str) -> str:
    return iri.rstrip("/").rsplit("/", 1)[-1]
