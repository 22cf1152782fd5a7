"""What is odd about the sittings of a round: flags for people to look at, each with when it would be quite normal."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.unit import reading, transaction
from quizzes.operations.signals import ask_for_signals, look_at_signal
from quizzes.queries.signals import round_of_code, signals_of, sittings_of_signal
from quizzes.rules.signals import NORMAL_WHEN, SIGNAL_NAMES, SignalKind

blueprint = Blueprint("signals", "quizzes", url_prefix="/manage/rounds/<round_code>/signals", template_folder="templates")


@blueprint.get("")
@requires("quizzes.view_signals")
def index(round_code: str) -> str:
    """The signals that were found last, by kind, without names."""
    with reading() as session:
        round_id, title = round_of_code(session, round_code)
        found = signals_of(session, round_id)
    groups = [(kind, [row for row in found if row.kind == kind]) for kind in SignalKind]
    return render_template(
        "quizzes/signals.html",
        round_code=round_code,
        title=title,
        groups=groups,
        found_at=found[0].found_at if found else None,
        names=SIGNAL_NAMES,
        normal=NORMAL_WHEN,
    )


@blueprint.post("")
@requires("quizzes.view_signals")
def find(round_code: str) -> AnyResponse:
    """Have the worker look anew."""
    with transaction() as session:
        ask_for_signals(session, current_actor(), round_code, now())
    flash(_("Đang rà soát. Tải lại trang sau ít phút."), "info")
    return redirect(url_for(".index", round_code=round_code), 303)


@blueprint.get("/<uuid:signal_id>")
@requires("quizzes.view_signals")
def detail(round_code: str, signal_id: UUID) -> str:
    """Whose sittings it is about. That somebody looked is noted in the audit."""
    with transaction() as session:
        round_id, title = round_of_code(session, round_code)
        row = look_at_signal(session, current_actor(), round_id, signal_id, now())
        sittings = sittings_of_signal(session, row)
    kind = SignalKind(row.kind)
    return render_template(
        "quizzes/signal.html",
        round_code=round_code,
        title=title,
        row=row,
        sittings=sittings,
        name=SIGNAL_NAMES[kind],
        normal=NORMAL_WHEN[kind],
    )
