"""Writing questions: one form a kind with a preview beside it. Every button is a post that works without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import preferences, translated
from lms.kit.unit import reading, transaction
from lms.kit.vietnamese import clean
from quizzes import api
from quizzes.forms.editor import FORMS, ItemForm
from quizzes.kinds import KINDS
from quizzes.kinds.base import Problem
from quizzes.kinds.pictures import picture_problems, shape_problems
from quizzes.operations.bank import InvalidItemError, SavedDraft, save_draft
from quizzes.operations.media import store_picture
from quizzes.operations.review import submit_for_review
from quizzes.queries.editor import lessons_of_course, topics_to_choose
from quizzes.queries.items import draft_of
from quizzes.queries.media import picture_sizes
from quizzes.queries.topics import topic_names
from quizzes.rules.bank import KIND_NAMES, ItemDraft, course_of
from quizzes.rules.remarks import remarks
from quizzes.views.controls import controls_shown
from quizzes.views.explained import Shown, shown_with_key
from quizzes.views.look_alikes import tell_look_alikes

blueprint = Blueprint("question_editor", "quizzes", url_prefix="/manage/questions", template_folder="templates")
SAVE, SUBMIT, PREVIEW = "save", "submit", "preview"


@dataclass(frozen=True, slots=True)
class Preview:
    """A draft as a phone shows it, and what there is to say about it."""

    stem: str
    question: dict[str, Any]
    faults: list[str]
    remarks: list[str]
    shown: Shown | None
    key: list[str]
    rubric: dict[str, Any] | None
    explanation: str


@blueprint.get("/new")
@requires("quizzes.write_items")
def choose_kind() -> str:
    return render_template("quizzes/editor_kinds.html", kinds=list(FORMS))


@blueprint.get("/new/<kind>")
@requires("quizzes.write_items")
def new(kind: str) -> str:
    with reading() as session:
        form = _form(session, kind, topic=request.args.get("topic", ""))
    return _page(form, None)


@blueprint.post("/new/<kind>")
@requires("quizzes.write_items")
def create(kind: str) -> str | tuple[str, int] | AnyResponse:
    with reading() as session:
        form = _form(session, kind)
    return _posted(form, None)


@blueprint.get("/<code>/edit")
@requires("quizzes.write_items")
def edit(code: str) -> str:
    """Go on with the version in work, or begin a new one from the one that holds."""
    with reading() as session:
        draft, number = draft_of(session, code)
        form = _form(session, draft.kind, values={**FORMS[draft.kind].values_of(draft), "base": str(number)}, topic=draft.topic)
        preview = _preview(session, form, draft.code)
    return _page(form, draft.code, preview)


@blueprint.post("/<code>/edit")
@requires("quizzes.write_items")
def change(code: str) -> str | tuple[str, int] | AnyResponse:
    with reading() as session:
        draft, _number = draft_of(session, code)
        form = _form(session, draft.kind)
    return _posted(form, draft.code)


@blueprint.post("/preview/<kind>")
@requires("quizzes.write_items")
def preview(kind: str) -> str:
    """The preview alone, for the script that shows it while one writes."""
    with reading() as session:
        form = _form(session, kind)
        return render_template("quizzes/editor_preview.html", preview=_preview(session, form, form.code.data or ""), show_key=_wants_key())


def _form(session: Session, kind: str, *, values: dict[str, Any] | None = None, topic: str = "") -> ItemForm:
    """The form of a kind with what there is to choose from. Raises NotFound for a kind that there is not."""
    if kind not in FORMS:
        raise NotFound
    locale = preferences().locale
    chosen = clean(request.form.get("topic", topic))
    titles = lessons_of_course(session, course_of(chosen))
    return FORMS[kind](
        data=values or ({"topic": topic} if topic else None),
        topics=topics_to_choose(session, topic_names(session, locale), topic),
        lessons=[(slug, str(title.get(locale) or title.get("vi") or slug)) for slug, title in titles],
    )


def _posted(form: ItemForm, code: str | None) -> str | tuple[str, int] | AnyResponse:
    action = request.form.get("act", SAVE)
    taken = _take_picture(form)
    if form.act(action) or action == PREVIEW or not taken:
        with reading() as session:
            shown = _preview(session, form, code or "")
        return (_page(form, code, shown), 200 if taken else 422)
    saved = _saved(form, code, action == SUBMIT)
    if isinstance(saved, SavedDraft):
        tell_look_alikes(saved.code, saved.number)
        if action == SUBMIT:
            flash(_("Đã gửi câu %(code)s đi thẩm định.", code=saved.code), "success")
            return redirect(url_for("manage_questions.question", code=saved.code), 303)
        flash(_("Đã lưu bản nháp câu %(code)s.", code=saved.code), "success")
        return redirect(url_for(".edit", code=saved.code), 303)
    with reading() as session:
        shown = _preview(session, form, code or "")
    return _page(form, code, shown, faults=saved), 422


def _saved(form: ItemForm, code: str | None, submit: bool) -> SavedDraft | list[str]:
    """What was saved, or all that is in the way."""
    if not form.validate():
        return []
    base = int(form.base.data) if code is not None and (form.base.data or "").isdecimal() else None
    try:
        with transaction() as session:
            draft = form.draft(code or form.code.data or "", picture_sizes(session, [form.picture.data or ""]))
            saved = save_draft(session, current_actor(), draft, now(), base=base, change_note=form.change_note.data)
            if submit:
                submit_for_review(session, current_actor(), saved.code, saved.number, now())
    except InvalidItemError as invalid:
        return _said(invalid.problems)
    except DomainError as refused:
        return [translated(refused)]
    return saved


def _take_picture(form: ItemForm) -> bool:
    """Whichever button was pressed, a file that came with it is kept: a browser does not send it twice."""
    if form.drop_picture.data:
        form.picture.data, form.drop_picture.data = "", False
    upload = form.picture_file.data
    if not upload:
        return True
    try:
        with transaction() as session:
            form.picture.data = store_picture(session, upload.read(), now()).sha256
    except DomainError as refused:
        form.picture_file.errors = [*form.picture_file.errors, translated(refused)]
        return False
    return True


def _preview(session: Session, form: ItemForm, code: str) -> Preview:
    draft = form.draft(code, picture_sizes(session, [form.picture.data or ""]))
    faults = draft.problems()
    body = draft.body
    if "picture" in body and (picture_problems(body) or shape_problems(body, body.get("spots", []))):
        body = {**body, "spots": []} if not picture_problems(body) else {name: value for name, value in body.items() if name != "picture"}
    sound = not KINDS[draft.kind].problems(draft.body, draft.key)
    shown = None
    if sound:
        shown = shown_with_key(draft.kind, draft.body, draft.key, parts=KINDS[draft.kind].parts(draft.body), whys=draft.whys)
    return Preview(
        stem=draft.stem,
        question=api.picture_json(body) | _controls(draft),
        faults=_said(faults),
        remarks=_said(remarks(draft)),
        shown=shown,
        key=draft.key if sound else [],
        rubric=draft.body if sound and draft.body.get("rubric") else None,
        explanation=draft.explanation,
    )


def _controls(draft: ItemDraft) -> dict[str, Any]:
    """The controls of an item that may be half written, as one of its papers has them."""
    without = {name: value for name, value in draft.body.items() if name != "picture"}
    return {name: value for name, value in controls_shown(draft.kind, without, 0, 1).items() if name != "picture"}


def _said(problems: Sequence[Problem]) -> list[str]:
    return [_(problem.message) % problem.values if problem.values else _(problem.message) for problem in problems]


def _wants_key() -> bool:
    return "show_key" in request.form


def _page(form: ItemForm, code: str | None, preview: Preview | None = None, *, faults: list[str] | None = None) -> str:
    return render_template(
        "quizzes/editor.html",
        form=form,
        kind=form.kind,
        kind_label=_(KIND_NAMES[form.kind]),
        code=code,
        preview=preview,
        faults=faults or [],
        show_key=_wants_key(),
        saved=url_for("media.picture", sha256=form.picture.data) if form.picture.data else None,
    )
