"""What happened to agencies: all of it as a list, one event, one agency's life."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from lms.agencies.forms import FORMS, ChangeFilterForm
from lms.agencies.queries import changes as queries
from lms.agencies.queries.changes import ToldEvent
from lms.agencies.rules.kinds import EVENT_NAMES
from lms.agencies.views.door import blueprint
from lms.agencies.views.words import Sentence, kind_name, mentioned, sentence
from lms.kit.access import requires, scope_of
from lms.kit.actors import NotFound, Scope
from lms.kit.unit import reading

PAGE = 50


@blueprint.get("/changes/")
@requires("agencies.view")
def changes() -> str:
    """Every event of the scope, the latest day first. Seven statements, however many there are."""
    form = ChangeFilterForm(request.args)
    scope = scope_of("agencies.view")
    with reading() as session:
        years = queries.change_years(session, scope)
        form.year.choices = [("", _("Mọi năm")), *((str(year), str(year)) for year in years)]
        form.kind.choices = [("", _("Mọi loại")), *((str(kind), _(name)) for kind, name in EVENT_NAMES.items())]
        page = queries.changes_page(
            session,
            scope,
            year=form.asked_year(),
            kind=form.kind.data if form.kind.data in EVENT_NAMES else None,
            decision=form.decision.data or "",
            after=_cursor("after"),
            before=_cursor("before"),
            limit=PAGE,
        )
        told, visible = tell(session, page.rows, scope)
    kept = {"year": form.year.data or None, "kind": form.kind.data or None, "decision": form.decision.data or None}
    return render_template(
        "agencies/changes.html",
        form=form,
        told=told,
        visible=visible,
        total=page.total,
        filtered=any(kept.values()),
        previous_url=url_for("agencies.changes", before=page.before, **kept) if page.before else None,
        next_url=url_for("agencies.changes", after=page.after, **kept) if page.after else None,
    )


@blueprint.get("/changes/<uuid:event_id>")
@requires("agencies.view")
def change(event_id: UUID) -> str:
    """One event: what it was, on which paper, what it corrects and by what it was corrected."""
    scope = scope_of("agencies.view")
    with reading() as session:
        event = queries.change(session, event_id, scope)
        earlier, later = queries.corrections_of(session, event_id)
        told, visible = tell(session, [event, *earlier, *([later] if later else [])], scope)
    sentences = {one.id: said for one, said in told}
    return render_template(
        "agencies/change.html",
        event=event,
        kind=kind_name(event.kind),
        sentences=sentences,
        visible=visible,
        earlier=earlier,
        later=later,
        withdrawn=event.superseded_at is not None and later is None,
        may_change=event.superseded_at is None and event.details is not None and event.kind in FORMS,
    )


def tell(
    session: Any, events: list[ToldEvent], scope: Scope, known: datetime | None = None
) -> tuple[list[tuple[ToldEvent, Sentence]], frozenset[UUID]]:
    """Events with their sentences, and which agencies in them the asker may open. At most three statements."""
    ids = {agency for event in events for agency in mentioned(event.details)}
    names = queries.names_of(session, ids, known=known)
    parents = {span[3] for own in names.spans.values() for span in own if span[3]}
    told = [(event, sentence(event.details, event.kind, event.effective_on, names)) for event in events]
    return told, queries.ever_within(session, ids | parents, scope)


def _cursor(name: str) -> UUID | None:
    text = request.args.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error
