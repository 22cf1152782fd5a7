"""One agency: what it is on a day, what is below it, its codes, and its life as a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import render_template, request
from flask_babel import gettext as _

from lms.agencies import queries
from lms.agencies.forms import BrowseForm
from lms.agencies.queries.changes import ToldEvent, timeline_of
from lms.agencies.rules.kinds import BLOCK_NAMES, KIND_NAMES, LEVEL_NAMES, SCHEME_NAMES
from lms.agencies.views.door import blueprint, today, zone
from lms.agencies.views.history import tell
from lms.agencies.views.tree import link_arguments, table_row
from lms.agencies.views.words import Sentence, kind_name
from lms.kit.access import requires, scope_of
from lms.kit.unit import reading


@dataclass(frozen=True, slots=True)
class Moment:
    """A place on the timeline: an event and its sentence, what was recorded of it before it was corrected, or that it was withdrawn."""

    event: ToldEvent
    kind: str
    sentence: Sentence
    earlier: list[tuple[ToldEvent, Sentence]]


@blueprint.get("/<uuid:agency_id>")
@requires("agencies.view")
def agency(agency_id: UUID) -> str:
    """At most twelve statements, however long the life and however many are below."""
    form = BrowseForm(request.args)
    scope, known = scope_of("agencies.view"), form.moment(zone())
    with reading() as session:
        begin, end = queries.life_of(session, agency_id, scope, known)
        asked = form.day(today())
        on = min(max(asked, begin), date.fromordinal(end.toordinal() - 1))  # an agency that has ended is shown as it last was
        row = queries.agency(session, agency_id, on, scope, known)
        path = queries.path_to(session, agency_id, on, scope, known)
        nodes = queries.tree_below(session, [row], on, 1, known)
        codes = queries.codes_of(session, agency_id, known)
        told, visible = tell(session, timeline_of(session, agency_id, known), scope, known)
    kept = link_arguments(on, known)
    return render_template(
        "agencies/agency.html",
        form=form,
        on=on,
        asked=asked,
        known=known,
        kept=kept,
        row=row,
        code=row.code or next((one.code for one in codes if one.valid_from <= on < one.valid_to), None),
        kind=_(KIND_NAMES.get(row.kind, row.kind)),
        block=_(BLOCK_NAMES.get(row.block, row.block)),
        level=_(LEVEL_NAMES.get(row.level, row.level)),
        path=path,
        children=[table_row(node.agency, kept, {}) for node in nodes[0].children],
        ended=end if end.year < 9999 else None,
        today=today(),
        moments=_moments(told),
        visible=visible,
        codes=[(_(SCHEME_NAMES.get(code.scheme, code.scheme)), code) for code in codes],
    )


def _moments(told: list[tuple[ToldEvent, Sentence]]) -> list[Moment]:
    """Believed events with their corrections below them; withdrawn ones, and those corrected away, stand for themselves."""
    by_id = {event.id: (event, said) for event, said in told}
    replaced = {event.replaces_id for event, _said in told}
    moments = []
    for event, said in told:
        if event.superseded_at is not None and event.id in replaced:
            continue
        earlier = []
        former = event.replaces_id
        while former in by_id:
            earlier.append(by_id[former])
            former = by_id[former][0].replaces_id
        moments.append(Moment(event, kind_name(event.kind), said, earlier))
    return moments
