"""Records that may be one person's: finding them, comparing two, previewing and carrying out their merge."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations, queries
from lms.accounts.person_forms import MergeForm, OtherPersonForm
from lms.accounts.queries import Compared
from lms.accounts.rules.people import QUALIFICATION_NAMES, masked, shown_phone
from lms.accounts.views.door import blueprint
from lms.accounts.views.people import today
from lms.accounts.views.timeline import post_lines
from lms.agencies.queries import agency_names
from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import database, reading, transaction, vault
from lms.kit.vietnamese import clean

SHOWN = 200  # groups of likely duplicates on one page

LABELS: dict[str, Any] = {
    "full_name": _l("Họ và tên"),
    "staff_code": _l("Mã cán bộ"),
    "birth_date": _l("Ngày sinh"),
    "sex": _l("Giới tính"),
    "identity_number": _l("Số CCCD"),
    "phone": _l("Điện thoại"),
    "email": _l("Thư điện tử"),
    "qualification": _l("Trình độ chuyên môn"),
    "it_qualification": _l("Trình độ tin học"),
    "it_major": _l("Đúng chuyên ngành CNTT"),
}

# What a merge carried over, by the names its followers in all packages give it.
CARRIED: dict[str, Any] = {
    "postings": _l("vị trí công tác"),
    "roles": _l("vai trò"),
    "sign_ins": _l("phiên đăng nhập bị kết thúc"),
    "federated_identities": _l("liên kết đăng nhập một lần"),
    "attempts": _l("bài làm"),
    "expectations": _l("lần thuộc diện kiểm tra"),
    "outcomes": _l("kết quả kiểm tra"),
    "enrolments": _l("khóa học"),
    "lessons": _l("bài đã học"),
    "ticks": _l("việc đã đánh dấu"),
    "statements": _l("bản ghi học tập"),
    "learning_documents": _l("trạng thái học liệu"),
    "notices": _l("lần đọc thông báo về dữ liệu cá nhân"),
    "requests": _l("yêu cầu về dữ liệu cá nhân"),
}


class _OnlyPreview(Exception):  # noqa: N818 - not an error: it undoes a merge that was only tried
    """Carries what a merge would do out of the transaction that tried it."""

    def __init__(self, merged: operations.Merged) -> None:
        super().__init__()
        self.merged = merged


@blueprint.get("/manage/people/duplicates")
@requires("accounts.merge_people")
def duplicates() -> AnyResponse:
    """Likely duplicates, pairs that were found to be two people, and a way to compare any two. Two statements, two more to compare."""
    form = OtherPersonForm(request.args)
    with reading() as db:
        groups = queries.likely_duplicates(db, today(), limit=SHOWN)
        apart = queries.marked_apart(db, limit=SHOWN)
        if form.one.data and form.other.data:
            pair = [queries.person_by_code(db, clean(text).upper().replace(" ", "")) for text in (form.one.data, form.other.data)]
            for field, found in zip((form.one, form.other), pair, strict=True):
                if found is None:
                    field.errors = [_("Không có cán bộ nào mang mã này.")]
            if pair[0] is not None and pair[0] == pair[1]:
                form.other.errors = [_("Nhập mã của hai hồ sơ khác nhau.")]
            elif None not in pair:
                return redirect(url_for("accounts.compare", person_id=pair[0], other_id=pair[1]), 303)
    return make_response(render_template("accounts/duplicates.html", groups=groups, apart=apart, form=form, full=len(groups) == SHOWN))


@blueprint.post("/manage/people/<uuid:person_id>/apart/<uuid:other_id>")
@requires("accounts.merge_people")
def mark_apart(person_id: UUID, other_id: UUID) -> AnyResponse:
    """Two records that are alike are two people."""
    try:
        with transaction() as db:
            operations.mark_apart(db, current_actor(), person_id, other_id, at=now())
    except DomainError as refusal:
        return _compare_page(person_id, other_id, {}, error=translated(refusal), status=refusal.status)
    flash(_("Đã đánh dấu là hai người khác nhau. Cặp này không hiện ở hồ sơ trùng nữa."), "success")
    return redirect(url_for("accounts.duplicates"), 303)


@blueprint.post("/manage/people/<uuid:person_id>/together/<uuid:other_id>")
@requires("accounts.merge_people")
def unmark_apart(person_id: UUID, other_id: UUID) -> AnyResponse:
    """They may be one person after all."""
    with transaction() as db:
        operations.unmark_apart(db, current_actor(), person_id, other_id, at=now())
    flash(_("Đã bỏ đánh dấu."), "success")
    return redirect(url_for("accounts.duplicates"), 303)


@blueprint.get("/manage/people/<uuid:person_id>/merge/<uuid:other_id>")
@requires("accounts.merge_people")
def compare(person_id: UUID, other_id: UUID) -> Response:
    return _compare_page(person_id, other_id, {})


@blueprint.post("/manage/people/<uuid:person_id>/merge/<uuid:other_id>")
@requires("accounts.merge_people")
def merge(person_id: UUID, other_id: UUID) -> AnyResponse:
    """First what a merge would do, tried and undone; then, once confirmed, the merge."""
    form = MergeForm()
    if not form.validate():
        return _compare_page(person_id, other_id, {}, status=422)
    kept, absorbed = (other_id, person_id) if form.keep.data == str(other_id) else (person_id, other_id)
    side = {str(kept): "kept", str(absorbed): "absorbed"}
    picked = {name: request.form[f"take_{name}"] for name in LABELS if request.form.get(f"take_{name}") in side}
    choices = {name: side[value] for name, value in picked.items()}
    chosen = {"keep": str(kept), **{f"take_{name}": value for name, value in picked.items()}}
    try:
        if request.form.get("confirm") != "yes":
            return _preview(person_id, other_id, kept=kept, absorbed=absorbed, choices=choices, chosen=chosen)
        with transaction() as db:
            operations.merge_persons(db, current_actor(), kept, absorbed, choices, at=now())
    except DomainError as refusal:
        return _compare_page(person_id, other_id, chosen, error=translated(refusal), status=refusal.status)
    flash(_("Đã gộp hai hồ sơ thành một."), "success")
    return redirect(url_for("accounts.person", person_id=kept), 303)


def _preview(person_id: UUID, other_id: UUID, *, kept: UUID, absorbed: UUID, choices: dict[str, str], chosen: dict[str, str]) -> Response:
    try:
        with database().transaction() as db:
            raise _OnlyPreview(operations.merge_persons(db, current_actor(), kept, absorbed, choices, at=now()))
    except _OnlyPreview as preview:
        merged = preview.merged
    with reading() as db:
        pair = {each.id: each for each in queries.compare_persons(db, kept, absorbed, today())}
        names = agency_names(db, {post.agency_id for post in merged.posts}, today())
    page = render_template(
        "accounts/merge_preview.html",
        kept=pair[kept],
        absorbed=pair[absorbed],
        carried=[(count, CARRIED.get(what, what)) for what, count in merged.carried.items() if count],
        posts=post_lines(merged.posts, names, today()),
        values=_values(pair[kept], pair[absorbed], choices),
        chosen=chosen,
        back=url_for("accounts.compare", person_id=person_id, other_id=other_id),
        action=url_for("accounts.merge", person_id=person_id, other_id=other_id),
    )
    return make_response(page)


def _values(kept: Compared, absorbed: Compared, choices: dict[str, str]) -> list[dict[str, Any]]:
    mine, theirs = _facts(kept), _facts(absorbed)
    return [
        {"key": label, "value": (theirs if choices.get(name) == "absorbed" and theirs[name] else mine)[name] or theirs[name]}
        for name, label in LABELS.items()
    ]


def _compare_page(person_id: UUID, other_id: UUID, chosen: dict[str, str], *, error: str | None = None, status: int = 200) -> Response:
    with reading() as db:
        pair = queries.compare_persons(db, person_id, other_id, today())
        apart = queries.are_apart(db, person_id, other_id)
    facts = [_facts(each) for each in pair]
    # The record in use is likelier the one to keep: who has a password, signed in last, was entered first.
    likelier = max(pair, key=lambda each: (each.has_password, each.last_seen is not None, -each.created_at.timestamp()))
    page = render_template(
        "accounts/merge.html",
        pair=pair,
        posts=[post_lines(each.posts, {post.agency_id: post.agency_name for post in each.posts}, today()) for each in pair],
        fields=[(name, label, [one[name] for one in facts]) for name, label in LABELS.items()],
        keep=chosen.get("keep", str(likelier.id)),
        chosen=chosen,
        apart=apart,
        form=MergeForm(formdata=None),
        error=error,
    )
    return make_response(page, status)


def _facts(person: Compared) -> dict[str, str]:
    """What is known, as the page shows it: numbers masked."""
    level = person.qualification
    return {
        "full_name": person.full_name,
        "staff_code": person.staff_code,
        "birth_date": f"{person.birth_date:%d/%m/%Y}" if person.birth_date else "",
        "sex": {"male": _("Nam"), "female": _("Nữ")}.get(person.sex or "", ""),
        "identity_number": masked(vault().unseal(person.identity_sealed)) if person.identity_sealed else "",
        "phone": shown_phone(vault().unseal(person.phone_sealed)) if person.phone_sealed else "",
        "email": person.email or "",
        "qualification": _(QUALIFICATION_NAMES.get(level, level)) if level else "",
        "it_qualification": person.it_qualification or "",
        "it_major": _("Có") if person.it_major else _("Không"),
    }
