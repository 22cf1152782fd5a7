"""A round's forms before it opens: drawn, looked through, checked, and a question exchanged by hand."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.unit import reading, settings, transaction
from quizzes.api import picture_json
from quizzes.forms.assembly import AssembleForm, LimitsForm, SwapForm
from quizzes.kinds import KINDS
from quizzes.operations.assembly import ASSEMBLY_JOB, request_assembly, swap_item
from quizzes.operations.rounds import edit_round
from quizzes.queries import rounds as round_queries
from quizzes.queries.assembly import alternatives, paperwork, plan_swap, round_for_assembly, stored_papers
from quizzes.queries.forms import FormQuestion, form_questions, latest_job
from quizzes.queries.rounds import RoundView
from quizzes.rules.form_check import check_forms, figures_of
from quizzes.rules.rounds import RoundState
from quizzes.rules.sitting import question_order
from quizzes.views.controls import controls_shown
from quizzes.views.explained import shown_with_key

blueprint = Blueprint("manage_forms", "quizzes", url_prefix="/manage/rounds/<round_code>/forms", template_folder="templates")
ALTERNATIVES = 50
MOST_USED = 20


@blueprint.get("")
@requires("quizzes.manage_rounds")
def check(round_code: str) -> str:
    """Everything there is to say against the forms, and what they are like together."""
    zone = settings().zone
    with reading() as session:
        view = round_queries.round_by_code(session, round_code)
        round_ = round_for_assembly(session, view.id)
        papers = stored_papers(session, round_)
        against = paperwork(session, round_, zone)
        job = latest_job(session, ASSEMBLY_JOB, view.id)
    figures = figures_of(papers) if papers else None
    findings = check_forms(papers, against, figures) if papers else []
    return render_template(
        "quizzes/forms_check.html",
        round=view,
        limits=against.limits,
        figures=figures,
        findings=findings,
        doubtful={number for finding in findings for number in finding.forms},
        job=job,
        form=AssembleForm(formdata=None),
        draft=view.state == RoundState.DRAFT,
        questions=sum(cell.count for cell in against.cells),
        most_used=list(figures.uses.items())[:MOST_USED] if figures else [],
    )


@blueprint.post("")
@requires("quizzes.manage_rounds")
def assemble(round_code: str) -> AnyResponse:
    form, at = AssembleForm(), now()
    with transaction() as session:
        view = round_queries.round_by_code(session, round_code)
        seed = round_for_assembly(session, view.id).limits.seed + 1 if form.anew.data else None
        request_assembly(session, current_actor(), view.id, at, seed=seed)
    flash(_("Đang lập đề. Tải lại trang để xem tiến độ."), "info")
    return redirect(url_for(".check", round_code=round_code), 303)


@blueprint.get("/limits")
@requires("quizzes.manage_rounds")
def limits(round_code: str) -> str | AnyResponse:
    """The limits of drawing that are seldom changed."""
    with reading() as session:
        view = _draft(session, round_code)
        if view is None:
            return redirect(url_for(".check", round_code=round_code))
        form = LimitsForm.showing(round_for_assembly(session, view.id).limits)
    return render_template("quizzes/forms_limits.html", round=view, form=form)


@blueprint.post("/limits")
@requires("quizzes.manage_rounds")
def keep_limits(round_code: str) -> str | AnyResponse | tuple[str, int]:
    form = LimitsForm()
    with transaction() as session:
        view = round_queries.round_by_code(session, round_code)
        if not form.validate_on_submit():
            return render_template("quizzes/forms_limits.html", round=view, form=form), 422
        stored = round_for_assembly(session, view.id).assembly
        changed = edit_round(session, current_actor(), view.id, now(), settings={"assembly": form.limits(stored)})
    flash(_("Đã lưu giới hạn. Lập lại đề để áp dụng.") if changed else _("Không có gì thay đổi."), "success" if changed else "info")
    return redirect(url_for(".check", round_code=round_code), 303)


@blueprint.get("/<int:number>")
@requires("quizzes.manage_rounds")
def one(round_code: str, number: int) -> str:
    """A form as somebody will have it (in the order one of them gets it), or with the key and in the order of its slots."""
    with reading() as session:
        view = round_queries.round_by_code(session, round_code)
        questions = {question.slot: question for question in form_questions(session, view.id, number)}
        round_ = round_for_assembly(session, view.id)
        papers = stored_papers(session, round_, number)
    with_key = request.args.get("key") == "1"
    order = sorted(questions) if with_key else question_order(number, questions)
    figures = figures_of(papers)
    return render_template(
        "quizzes/forms_one.html",
        round=view,
        number=number,
        with_key=with_key,
        draft=view.state == RoundState.DRAFT,
        numbered=_numbered,
        questions=[_shown(questions[slot], number, with_key=with_key) for slot in order],
        placed={placed.slot: placed.candidate for placed in papers[number]},
        difficulty=figures.difficulty[number],
        key_words="; ".join(f"{_key_word(key)}: {count}" for key, count in sorted(figures.keys[number].items())),
        anchors=figures.anchors[number],
    )


def _shown(question: FormQuestion, seed: int, *, with_key: bool) -> dict[str, object]:
    parts = KINDS[question.kind].parts(question.body)
    return {
        "question": question,
        "controls": None if with_key else controls_shown(question.kind, question.body, seed, question.slot),
        "shown": shown_with_key(question.kind, question.body, question.key, parts=parts, whys=question.whys) if with_key else None,
        "picture": picture_json(question.body).get("picture") if with_key else None,
    }


@blueprint.get("/<int:number>/<int:slot>")
@requires("quizzes.manage_rounds")
def swap(round_code: str, number: int, slot: int) -> str | AnyResponse:
    """What could stand at this place instead; with a choice, what would be said of the form then."""
    zone = settings().zone
    with reading() as session:
        view = _draft(session, round_code)
        if view is None:
            return redirect(url_for(".one", round_code=round_code, number=number))
        question = next((one for one in form_questions(session, view.id, number) if one.slot == slot), None)
        if question is None:
            raise NotFound
        round_ = round_for_assembly(session, view.id)
        chosen = _as_uuid(request.args.get("version", ""))
        if chosen is not None:
            plan = plan_swap(session, view.id, chosen, number=number, slot=slot, zone=zone)
            return render_template("quizzes/forms_swap.html", round=view, number=number, slot=slot, question=question, plan=plan)
        found = alternatives(session, round_, number=number, slot=slot, zone=zone)
    return render_template(
        "quizzes/forms_alternatives.html",
        round=view,
        number=number,
        slot=slot,
        question=question,
        found=found[:ALTERNATIVES],
        count=len(found),
    )


@blueprint.post("/<int:number>/<int:slot>")
@requires("quizzes.manage_rounds")
def exchange(round_code: str, number: int, slot: int) -> AnyResponse:
    version = _as_uuid(SwapForm().version.data or "")
    if version is None:
        raise DomainError(N_("Chưa chọn câu thay vào."), code="nothing_chosen", field="version")
    with transaction() as session:
        view = round_queries.round_by_code(session, round_code)
        done = swap_item(session, current_actor(), view.id, version, number=number, slot=slot, zone=settings().zone, at=now())
    flash(_("Đã thay câu %(old)s bằng %(new)s.", old=done.old.code, new=done.new.code), "success")
    return redirect(url_for(".one", round_code=round_code, number=number, key=1), 303)


def _draft(session: Session, round_code: str) -> RoundView | None:
    """The round while its forms may still change."""
    view = round_queries.round_by_code(session, round_code)
    return view if view.state == RoundState.DRAFT else None


def _numbered(controls: Markup, slot: int) -> Markup:
    """A question's controls among those of others: names and ids tell the slot. Authored text has no bare quotation marks."""
    return Markup(str(controls).replace('="answer', f'="q{slot}-answer'))  # noqa: S704 - escaped where it was rendered


def _key_word(key: str) -> str:
    return {"true": str(_("Đúng")), "false": str(_("Sai"))}.get(key, key)


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
