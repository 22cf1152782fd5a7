"""What a counted result was made from: the sitting, its form and seed, each item version with its key and rulings, and the scoring rule."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from flask import Blueprint, render_template, url_for
from sqlalchemy.orm import Session

from lms.feature import HomePanel
from lms.kit.access import current_actor, may, requires
from lms.kit.actors import Actor
from lms.kit.clock import now
from lms.kit.unit import transaction
from quizzes.kinds import KINDS
from quizzes.kinds.answers import in_words
from quizzes.operations.provenance import look_at_origin
from quizzes.queries.attempts import Explained
from quizzes.queries.provenance import marked_attempts
from quizzes.queries.rounds import open_round_of_activity
from quizzes.rules.marking import RulingKind

blueprint = Blueprint("provenance", "quizzes", url_prefix="/manage/provenance", template_folder="templates")
PERMISSION = "quizzes.view_provenance"


@blueprint.get("/<uuid:source_id>")
@requires(PERMISSION)
def origin(source_id: UUID) -> str:
    """Whose it is stands here only for those who may see people; authors see the paper. That somebody looked is noted in the audit."""
    with transaction() as session:
        found = look_at_origin(session, current_actor(), source_id, now())
    return render_template(
        "quizzes/provenance.html",
        origin=found.origin,
        named=may("accounts.view_people"),
        lines=[(question, _answer(question), _keys(question), found.rulings.get(question.slot, [])) for question in found.questions],
        changes=found.changes,
    )


def outcome_pages(session: Session, activity: str, sources: Collection[UUID]) -> Mapping[UUID, str]:
    """Addresses of this page by the source of an outcome, for those who may open it."""
    if not may(PERMISSION):
        return {}
    return {one: url_for("provenance.origin", source_id=one) for one in marked_attempts(session, activity, sources)}


def reminding_panel(session: Session, actor: Actor, subject: str, _at: object) -> HomePanel | None:
    """On an agency's page of results, while its test is open: how those who have not sat it are reminded, and where the list is."""
    activity, _, _agency = subject.partition("~")
    found = open_round_of_activity(session, activity)
    if found is None:
        return None
    address = url_for("round_people.people", round_code=found) if may("quizzes.propose_exclusions") else None
    return HomePanel("quizzes/_reminding_panel.html", {"list_url": address})


def _answer(question: Explained) -> str:
    return in_words(KINDS[question.kind].parts(question.body), question.answer) if question.answer else ""


def _keys(question: Explained) -> list[str]:
    """The version's own key, then what rulings made of it; see `ShownRuling`."""
    own = in_words(KINDS[question.kind].parts(question.body), question.key) if question.key else ""
    replaced = any(one.kind in (RulingKind.NEW_KEY, RulingKind.VOID) for one in question.rulings)
    return [*([] if replaced or not own else [own]), *(one.words for one in question.rulings if one.words)]
