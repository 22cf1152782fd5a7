"""A person's posts and leaves: adding, lending, leave, changing which is primary, ending, putting right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations, queries
from lms.accounts.person_forms import (
    AddPostForm,
    CorrectPostForm,
    DayForm,
    LeaveForm,
    SecondForm,
    choices_of,
    end_of,
    last_day,
    written,
)
from lms.accounts.rules.leaves import Away
from lms.accounts.rules.people import ABSENCE_NAMES
from lms.accounts.rules.postings import NATURE_NAMES, Nature, Post
from lms.accounts.views.door import blueprint
from lms.accounts.views.forms_page import CHOICES, form_page, refused
from lms.accounts.views.people import today
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.forms import BaseForm
from lms.kit.unit import reading, transaction

EDIT = "accounts.edit_people"
SPAN_FIELDS = {"valid_from": "since", "valid_to": "until"}
Act = Callable[[Session, UUID], None]
PostForm = TypeVar("PostForm", bound=AddPostForm)


@blueprint.route("/manage/people/<uuid:person_id>/postings/new", methods=["GET", "POST"])
@requires("accounts.edit_people")
def add_post(person_id: UUID) -> AnyResponse:
    """A post beside those held; the first one of a person without any is their primary one."""
    primary = _primary(person_id)
    form = _post_form(AddPostForm)

    def act(db: Session, agency_id: UUID) -> None:
        nature = Nature.CONCURRENT if primary else Nature.REGULAR
        operations.add_post(db, current_actor(), person_id, _new_post(form, agency_id, nature, is_primary=primary is None), at=now())

    lead = _("Vị trí chính giữ nguyên: người này vẫn được tính ở đó.") if primary else _("Người này chưa có vị trí nào vào hôm nay.")
    return _with_agency(person_id, form, act, _("Thêm vị trí kiêm nhiệm") if primary else _("Thêm vị trí công tác"), lead)


@blueprint.route("/manage/people/<uuid:person_id>/secondment", methods=["GET", "POST"])
@requires("accounts.edit_people")
def second(person_id: UUID) -> AnyResponse:
    """Cử biệt phái."""
    primary = _primary(person_id)
    if primary is None:
        raise NotFound
    form = _post_form(SecondForm, primary)

    def act(db: Session, agency_id: UUID) -> None:
        post = _new_post(form, agency_id, Nature.SECONDMENT, is_primary=form.counted.data == "host")
        operations.second_person(db, current_actor(), person_id, post, at=now())

    lead = _("Hết thời gian biệt phái, người này tự trở lại được tính ở đơn vị cử đi.")
    return _with_agency(person_id, form, act, _("Cử biệt phái"), lead)


@blueprint.route("/manage/people/<uuid:person_id>/leave", methods=["GET", "POST"])
@requires("accounts.edit_people")
def record_leave(person_id: UUID) -> AnyResponse:
    form = LeaveForm()

    def act(db: Session) -> None:
        operations.record_leave(db, current_actor(), person_id, _away(form), at=now())

    lead = _("Kỳ kiểm tra có ngày chốt danh sách trong thời gian nghỉ sẽ không tính người này vào diện phải làm bài.")
    return _ask(person_id, form, act, title=_("Ghi nhận nghỉ"), submit=_("Ghi nhận nghỉ"), done=_("Đã ghi nhận nghỉ."), lead=lead)


@blueprint.route("/manage/people/<uuid:person_id>/leave/<uuid:leave_id>", methods=["GET", "POST"])
@requires("accounts.edit_people")
def correct_leave(person_id: UUID, leave_id: UUID) -> AnyResponse:
    _name(person_id)
    with reading() as db:
        leave = next((each for each in queries.person_leaves(db, person_id) if each.id == leave_id), None)
    if leave is None:
        raise NotFound
    stored = {
        "reason": leave.reason,
        "since": written(leave.valid_from),
        "until": last_day(leave.valid_to),
        "decision": leave.decision or "",
    }
    form = LeaveForm() if request.method == "POST" else LeaveForm(formdata=None, data=stored)

    def act(db: Session) -> None:
        operations.correct_leave(db, current_actor(), person_id, leave_id, _away(form), at=now())

    remove = {
        "remove_url": url_for("accounts.remove_leave", person_id=person_id, leave_id=leave_id),
        "remove_text": _("Bỏ lần nghỉ này vì ghi nhầm"),
    }
    return _ask(person_id, form, act, title=_("Sửa lần nghỉ"), submit=_("Lưu"), done=_("Đã sửa lần nghỉ."), extra=remove)


@blueprint.post("/manage/people/<uuid:person_id>/leave/<uuid:leave_id>/remove")
@requires("accounts.edit_people")
def remove_leave(person_id: UUID, leave_id: UUID) -> AnyResponse:
    with transaction() as db:
        queries.editable_name(db, scope_of(EDIT), person_id, today())
        operations.remove_leave(db, current_actor(), person_id, leave_id, at=now())
    flash(_("Đã bỏ lần nghỉ ghi nhầm."), "success")
    return redirect(url_for("accounts.person", person_id=person_id), 303)


@blueprint.route("/manage/people/<uuid:person_id>/postings/<uuid:posting_id>", methods=["GET", "POST"])
@requires("accounts.edit_people")
def correct_post(person_id: UUID, posting_id: UUID) -> AnyResponse:
    """Put a post right, past ones included: papers arrive late."""
    post = _post(person_id, posting_id)
    stored = {
        "since": written(post.valid_from),
        "until": last_day(post.valid_to),
        "group": post.group_code,
        "job_title": post.job_title or "",
        "it_duty": post.it_duty,
        "nature": post.nature,
        "absence": post.absence or "",
        "decision": post.decision or "",
    }
    form = CorrectPostForm() if request.method == "POST" else CorrectPostForm(formdata=None, data=stored)
    with reading() as db:
        form.prepare(queries.offered_groups(db, {post.group_code}))
    form.nature.choices = choices_of(NATURE_NAMES)
    form.absence.choices = choices_of(ABSENCE_NAMES, _("Không"))
    if post.absence and post.absence not in ABSENCE_NAMES:
        form.absence.choices.append((post.absence, post.absence))

    def act(db: Session) -> None:
        changes: dict[str, Any] = {
            **form.post_values(),
            "valid_from": form.since.day,
            "valid_to": end_of(form.until),
            "nature": form.nature.data,
            "absence": form.absence.data or None,
            "decision": form.decision.data or None,
        }
        operations.correct_post(db, current_actor(), person_id, posting_id, changes, on=today(), at=now())

    lead = _("%(agency)s. Sửa cả vị trí đã qua khi giấy tờ đến muộn; thay đổi được ghi vào nhật ký.", agency=post.agency_name)
    return _ask(person_id, form, act, title=_("Sửa vị trí công tác"), submit=_("Lưu"), done=_("Đã sửa vị trí công tác."), lead=lead)


@blueprint.route("/manage/people/<uuid:person_id>/postings/<uuid:posting_id>/primary", methods=["GET", "POST"])
@requires("accounts.edit_people")
def make_primary(person_id: UUID, posting_id: UUID) -> AnyResponse:
    post = _post(person_id, posting_id)
    form = DayForm() if request.method == "POST" else DayForm(formdata=None, data={"on": written(today())})

    def act(db: Session) -> None:
        operations.make_primary(db, current_actor(), person_id, posting_id, on=form.on.day or today(), at=now())

    lead = _("Từ ngày này người này được tính ở %(agency)s; vị trí chính hiện nay thành vị trí kiêm nhiệm.", agency=post.agency_name)
    return _ask(person_id, form, act, title=_("Đổi vị trí chính"), submit=_("Đổi vị trí chính"), done=_("Đã đổi vị trí chính."), lead=lead)


@blueprint.route("/manage/people/<uuid:person_id>/postings/<uuid:posting_id>/end", methods=["GET", "POST"])
@requires("accounts.edit_people")
def end_post(person_id: UUID, posting_id: UUID) -> AnyResponse:
    post = _post(person_id, posting_id)
    form = DayForm() if request.method == "POST" else DayForm(formdata=None, data={"on": written(today())})
    form.on.label.text = _("Không giữ vị trí này từ ngày")

    def act(db: Session) -> None:
        operations.end_post(db, current_actor(), person_id, posting_id, on=form.on.day or today(), at=now())

    lead = _("%(agency)s. Vai trò chỉ gắn với cơ quan này cũng kết thúc.", agency=post.agency_name)
    return _ask(person_id, form, act, title=_("Kết thúc vị trí"), submit=_("Kết thúc vị trí"), done=_("Đã kết thúc vị trí."), lead=lead)


def _ask(
    person_id: UUID,
    form: BaseForm,
    act: Callable[[Session], None],
    *,
    title: str,
    submit: str,
    done: str,
    lead: str | None = None,
    extra: dict[str, Any] | None = None,
) -> AnyResponse:
    """Show the form, or do what it asks; what is refused is shown at the field at fault."""
    name = _name(person_id)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as db:
                queries.editable_name(db, scope_of(EDIT), person_id, today())
                act(db)
        except DomainError as refusal:
            refused(form, refusal, SPAN_FIELDS)
        else:
            flash(done, "success")
            return redirect(url_for("accounts.person", person_id=person_id), 303)
    return form_page(form, title=title, submit=submit, person_id=person_id, person_name=name, lead=lead, extra=extra)


def _with_agency(person_id: UUID, form: AddPostForm, act: Act, title: str, lead: str) -> AnyResponse:
    """As `_ask`, for a form that names an agency of one's own."""

    def find_and_act(db: Session) -> None:
        agency_id = queries.chosen_agency(db, scope_of(EDIT), form.agency.data or "", _day_of(form))
        if agency_id is None:
            raise DomainError(_("Không có cơ quan này trong phạm vi phụ trách. Gõ mã định danh hoặc đúng tên đầy đủ."), field="agency")
        act(db, agency_id)

    return _ask(person_id, form, find_and_act, title=title, submit=title, done=_("Đã thêm vị trí công tác."), lead=lead)


def _day_of(form: AddPostForm) -> date:
    """The day on which the agency must exist: when the post begins, or today for one that is yet to begin."""
    return min(form.since.day or today(), today())


def _post_form(kind: type[PostForm], primary: queries.PostRow | None = None) -> PostForm:
    data = {"since": written(today())}
    if primary is not None:
        data |= {"group": primary.group_code, "job_title": primary.job_title or "", "it_duty": primary.it_duty}
    form = kind() if request.method == "POST" else kind(formdata=None, data=data)
    with reading() as db:
        form.prepare(queries.offered_groups(db))
        form.agency.offer(queries.agency_choices(db, scope_of(EDIT), today(), CHOICES))
    return form


def _new_post(form: AddPostForm, agency_id: UUID, nature: Nature, *, is_primary: bool) -> Post:
    return Post(
        None,
        agency_id,
        form.group.data,
        form.since.day or today(),
        end_of(form.until),
        is_primary=is_primary,
        job_title=form.job_title.data or None,
        it_duty=form.it_duty.data,
        nature=nature.value,
        decision=form.decision.data or None,
    )


def _away(form: LeaveForm) -> Away:
    return Away(None, form.reason.data, form.since.day or today(), end_of(form.until), form.decision.data or None)


def _name(person_id: UUID) -> str:
    with reading() as db:
        return queries.editable_name(db, scope_of(EDIT), person_id, today())


def _post(person_id: UUID, posting_id: UUID) -> queries.PostRow:
    """A post in the scope. Raises NotFound: what other agencies wrote is theirs to put right, or the province's."""
    with reading() as db:
        queries.editable_name(db, scope_of(EDIT), person_id, today())
        for post in queries.person_posts(db, person_id, today()):
            if post.id == posting_id and queries.covers_agency(db, scope_of(EDIT), post.agency_id, today()):
                return post
    raise NotFound


def _primary(person_id: UUID) -> queries.PostRow | None:
    """The primary post of today. Raises NotFound for a person one may not change."""
    with reading() as db:
        queries.editable_name(db, scope_of(EDIT), person_id, today())
        posts = queries.person_posts(db, person_id, today())
    return next((post for post in posts if post.is_primary and post.valid_from <= today() < post.valid_to), None)
