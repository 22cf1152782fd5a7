"""The quarter's test as the person who sits it meets it: what is due, the rules, the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from courses.queries import has_completed
from lms.accounts import guard
from lms.feature import HomePanel
from lms.kit.access import current_actor, requires
from lms.kit.actors import Actor
from lms.kit.clock import now
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from lms.kit.web import wants_json
from quizzes.forms.rounds import SideAnswerForm
from quizzes.operations.attempts import SitsElsewhere, start_attempt
from quizzes.operations.invigilation import count_wrong_code, refuse_guessing
from quizzes.queries.audience import Frozen, facts_about, frozen_standing
from quizzes.queries.contests import side_answer_of
from quizzes.queries.course_tests import test_among
from quizzes.queries.round_plans import plan_view
from quizzes.queries.rounds import MyRound, my_round, my_rounds
from quizzes.rules.audience import AudienceRule, decide
from quizzes.rules.invigilation import WrongCode
from quizzes.rules.rounds import START_REFUSALS, Purpose, RoundState, StartAnswer
from quizzes.views.attempts import held_takeover, remember_takeover
from quizzes.views.origin import origin
from quizzes.views.round_words import audience_names, said_decision
from quizzes.views.words import init_filters, person

blueprint = Blueprint("rounds", "quizzes", url_prefix="/rounds", template_folder="templates")
blueprint.record_once(lambda setup: init_filters(setup.app))


def _answer(mine: MyRound, at: datetime) -> StartAnswer:
    return mine.answer(at)


def _refusal(answer: StartAnswer) -> str | None:
    return str(_(START_REFUSALS[answer])) if answer in START_REFUSALS else None


@blueprint.get("/")
@requires("quizzes.sit")
def index() -> str:
    """Rounds that are or were open, the newest first; what belongs to a course after what one is expected at."""
    at = now()
    with reading() as session:
        mine = [one for one in my_rounds(session, person()) if one.round.state != RoundState.DRAFT]
    answered = [(one, _answer(one, at)) for one in mine]
    # The practice or the test of a course one is not in would only tell them to stay out.
    of_course = (Purpose.PRACTICE, Purpose.COURSE_TEST)
    shown = [(one, answer) for one, answer in answered if one.round.purpose not in of_course or answer != StartAnswer.NOT_EXPECTED]
    shown.sort(key=lambda pair: pair[0].round.purpose in of_course)
    return render_template("quizzes/rounds.html", rounds=shown)


@blueprint.get("/<round_code>/")
@requires("quizzes.sit")
def detail(round_code: str) -> str:
    """What, when, how often, why one is expected or left out, and what was done so far."""
    at = now()
    with reading() as session:
        mine = my_round(session, person(), round_code)
        plan = plan_view(session, mine.round.id)
        why = _why(session, mine) if mine.round.purpose != Purpose.PRACTICE else None
        guess = side_answer_of(session, mine.round.id, person()) if mine.round.purpose == Purpose.CONTEST else None
    answer = _answer(mine, at)
    return render_template(
        "quizzes/round.html",
        mine=mine,
        round=mine.round,
        turn=mine.turn(at),
        plan=plan,
        why=why,
        answer=answer,
        refusal=_refusal(answer),
        reason=audience_names.reason,
        left_out=audience_names.left_out,
        form=SideAnswerForm(data={"answer": guess}) if plan.side_question else None,
        guess=guess,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class Why:
    """Why somebody is on the list or not: what was frozen, what was changed since, and what the rule looks at."""

    frozen: Frozen
    lines: list[tuple[bool, str]]
    corrected: bool


def _why(session: Session, mine: MyRound) -> Why:
    """The list as it was frozen decides; the reasons are read from what is recorded of the cut-off day now, and where that has been
    corrected since the page says so."""
    view = mine.round
    decision = decide(AudienceRule.from_json(view.audience), facts_about(session, person(), view.cutoff_day))
    frozen = frozen_standing(session, view.id, view.activity, person())
    settled = view.state != RoundState.DRAFT
    differs = frozen.listed != decision.listed or (frozen.left_out_because or decision.verdict.value) != decision.verdict.value
    return Why(frozen, said_decision(session, decision, view.cutoff_day), corrected=settled and not frozen.changes and differs)


@blueprint.get("/<round_code>/start")
@requires("quizzes.sit")
def prepare(round_code: str) -> str | AnyResponse:
    """The last page before the clock runs: the rules, and one button."""
    with reading() as session:
        mine = my_round(session, person(), round_code)
    if _answer(mine, now()) != StartAnswer.MAY_START:
        return redirect(url_for(".detail", round_code=round_code))
    return _prepare_page(mine)


def _prepare_page(mine: MyRound, *, unread: bool = False, code_error: str | None = None) -> str:
    return render_template("quizzes/prepare.html", mine=mine, round=mine.round, unread=unread, code_error=code_error)


@blueprint.post("/<round_code>/start")
@requires("quizzes.sit")
def start(round_code: str) -> str | AnyResponse:
    """Begin, or go on with the attempt that is open: pressing twice begins once. Programs get its id and their takeover number."""
    if request.form.get("from_page") and not request.form.get("read"):
        with reading() as session:
            mine = my_round(session, person(), round_code)
        return _prepare_page(mine, unread=True)
    at, asked = now(), _asked()
    try:
        with transaction() as session:
            if asked.code is not None:
                refuse_guessing(session, person(), at)
            begun = start_attempt(
                session, current_actor(), round_code, at, in_two_steps=asked.in_two_steps, code=asked.code, origin=origin()
            )
            if begun.accepts_until is not None:
                guard.keep_open(begun.accepts_until, session)
    except WrongCode as refused:
        return _wrong_code(round_code, refused, at)
    except SitsElsewhere as refused:
        if wants_json():
            raise
        return render_template(
            "quizzes/sits_elsewhere.html", message=translated(refused), attempt_id=refused.attempt_id, round_code=round_code
        )
    if begun.new:
        remember_takeover(begun.attempt_id, 1)
    if wants_json():
        return jsonify(attempt=str(begun.attempt_id), takeover=held_takeover(begun.attempt_id))
    return redirect(url_for("attempts.page", attempt_id=begun.attempt_id), 303)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came with a press of start: the code of a supervised room, and whether the clock waits for a second press."""

    in_two_steps: bool
    code: str | None


def _asked() -> Asked:
    given = request.get_json(silent=True) if request.is_json else request.form
    values = given if isinstance(given, Mapping) else {}
    code = values.get("code")
    return Asked(bool(values.get("in_two_steps")), str(code)[:100] if code is not None else None)


def _wrong_code(round_code: str, refused: WrongCode, at: datetime) -> AnyResponse:
    """Counted, so that nobody tries all codes; a code that was not given yet is merely asked for."""
    if not refused.asked:
        with transaction() as session:
            count_wrong_code(session, person(), at)
    if wants_json():
        raise refused
    with reading() as session:
        mine = my_round(session, person(), round_code)
    return make_response(_prepare_page(mine, code_error=translated(refused)), 422)


def home_panel(session: Session, actor: Actor, at: datetime) -> HomePanel | None:
    """The round that is open for this person, with the one button; the newest result otherwise; nothing where there is neither."""
    if actor.person_id is None:
        return None
    mine = [one for one in my_rounds(session, actor.person_id) if one.round.state != RoundState.DRAFT]
    # Nobody must practise; the test of a course stands on the course's page.
    mine = [one for one in mine if one.round.purpose not in (Purpose.PRACTICE, Purpose.COURSE_TEST)]
    due = [one for one in mine if _answer(one, at) in (StartAnswer.MAY_START, StartAnswer.RESUME)]
    unfinished = [one for one in due if not any(attempt.passed for attempt in one.attempts)]
    done = [one for one in mine if any(attempt.passed is not None for attempt in one.attempts)]
    if not unfinished and not done:
        return None
    shown = unfinished[0] if unfinished else done[0]
    return HomePanel(
        template="quizzes/_home_panel.html",
        context={"mine": shown, "round": shown.round, "answer": _answer(shown, at), "due": bool(unfinished)},
        order=10,
    )


def course_panel(session: Session, actor: Actor, code: str, at: datetime) -> HomePanel | None:
    """On a course's page: its test with how one stands in it, and the practice of it while one may sit it."""
    if actor.person_id is None:
        return None
    mine = my_rounds(session, actor.person_id, course=code)
    test = test_among(mine)
    sat_now = (StartAnswer.MAY_START, StartAnswer.RESUME)
    open_now = [one for one in mine if one.round.purpose != Purpose.COURSE_TEST and _answer(one, at) in sat_now]
    if test is None and not open_now:
        return None
    answer = None if test is None else _answer(test.now, at)
    learnt = test is not None and has_completed(session, actor.person_id, code)
    refusal = None if answer is None else _refusal(answer)
    context = {"test": test, "answer": answer, "refusal": refusal, "learnt": learnt, "rounds": open_now}
    return HomePanel("quizzes/_course_panel.html", context)
