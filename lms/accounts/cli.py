"""`lms roster …` and `lms users …`"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.accounts import operations, queries
from lms.accounts.jobs import ROSTER_JOB
from lms.accounts.operations import NewPerson, RosterOptions
from lms.accounts.permissions import ROLE_NAMES
from lms.accounts.queries.people import login_name_of
from lms.agencies.queries import agency_by_code
from lms.kit.actors import EVERYWHERE, SERVICE, Role
from lms.kit.clock import local_date, now
from lms.kit.errors import N_, DomainError
from lms.kit.formats import number
from lms.kit.imports import ImportState, last_done, undo_now
from lms.kit.imports.operations import confirm_import, record_check
from lms.kit.imports.queries import import_view, run_job_id
from lms.kit.imports.rules import Checked, messages_by_row
from lms.kit.jobs import run_job
from lms.kit.sheets import error_copy, iterate_workbook, read_workbook
from lms.kit.unit import database, reading, transaction, vault

DAY = click.DateTime(formats=["%Y-%m-%d", "%d/%m/%Y"])


def _today() -> date:
    return local_date(now(), current_app.extensions["lms.settings"].zone)


@click.group("roster", help="People and the posts they hold.")
def roster() -> None: ...


@roster.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what the file would change.")
@click.option("--as-of", type=DAY, help="New posts and moves hold from this day; default today.")
@click.option("--replace", metavar="CODE", help="People of this agency and those below it who are not in FILE leave.")
@click.option("--capitalise", is_flag=True, help="Write names given in capitals with capital initials only.")
@click.option("--skip-faulty", is_flag=True, help="Import the correct rows and leave the faulty ones out.")
@click.option(
    "--leaving", type=int, default=0, metavar="N", help="Confirm that N people leave, where they are more than 5 % of the agency."
)
@click.option(
    "--errors", type=click.Path(dir_okay=False, path_type=Path), help="Write the faulty rows with a column of errors here (.xlsx)."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts and findings as JSON.")
def import_roster(
    file: Path,
    *,
    dry_run: bool,
    as_of: datetime | None,
    replace: str | None,
    capitalise: bool,
    skip_faulty: bool,
    leaving: int,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Bring people up to what FILE says (.xlsx, .xls, .ods, .csv). Applied in batches; `lms roster undo` takes it back."""
    at, day = now(), as_of.date() if as_of else _today()
    operations.check_day(day, _today())
    with reading() as session:
        options = {"as_of": day.isoformat(), "replace": str(_agency(session, replace, day)) if replace else None, "capitalise": capitalise}
        check = operations.check_roster(session, iterate_workbook(file), file.name, RosterOptions.of_run(options, {}))
    checked = check.checked()
    if not as_json:
        _show_findings(checked)
    if errors is not None and checked.findings:
        errors.write_bytes(error_copy(read_workbook(file), messages_by_row(checked.findings, _), label=_("Lỗi"), only_faulty=True))
    click.echo(_as_json(checked) if as_json else _summary(checked))
    if checked.faulty_rows and not (skip_faulty and not dry_run):
        raise DomainError(
            N_("Có %(rows)s dòng lỗi. Chưa ghi gì; sửa tệp rồi chạy lại, hoặc thêm --skip-faulty để bỏ các dòng lỗi."),
            code="faulty_rows",
            rows=checked.faulty_rows,
        )
    if not dry_run and checked.rows:
        _carry_out(file, checked, options, skip_faulty=skip_faulty, leaving=leaving, at=at)


def _carry_out(file: Path, checked: Checked, options: dict[str, Any], *, skip_faulty: bool, leaving: int, at: datetime) -> None:
    """Hand the import over as a page would, then carry the job out here unless the worker has it already."""
    with transaction() as session:
        run_id = record_check(
            session,
            SERVICE,
            vault(),
            kind="roster",
            file_name=file.name,
            content=file.read_bytes(),
            checked=checked,
            options=options,
            at=at,
        )
        confirm_import(session, SERVICE, run_id, job_kind=ROSTER_JOB, skip_faulty=skip_faulty, acknowledged=leaving, at=at)
    _wait_for(run_id)


def _wait_for(run_id: UUID) -> None:
    while True:
        with reading() as session:
            run = import_view(session, run_id, kind="roster", scope=EVERYWHERE, viewer=SERVICE, at=now())
            job_id = run_job_id(session, run_id)
        if not run.under_way:
            break
        if not run_job(database(), current_app.extensions["lms.job_handlers"], job_id):
            time.sleep(0.5)
    refusal = run.error or run.undo_error
    if refusal is not None:
        raise refusal
    if run.state is ImportState.FAILED:
        raise DomainError(N_("Việc nhập dừng vì lỗi của dịch vụ; xem nhật ký."), code="import_failed")


@roster.command("undo")
def undo_roster() -> None:
    """Take back the last roster import, within 24 hours of its end."""
    at = now()
    with transaction() as session:
        run_id = last_done(session, "roster")
        if run_id is None:
            raise DomainError(N_("Chưa có lần nhập danh sách cán bộ nào để hoàn tác."), code="nothing_to_undo")
        result = undo_now(session, SERVICE, run_id, operations.undo_roster, at)
    counts = {key: number(count) for key, count in result.items()}
    click.echo(_("Đã bỏ %(removed)s người, trả lại %(restored)s người, giữ nguyên %(kept)s người đã sửa sau khi nhập.", **counts))


def _as_json(checked: Checked) -> str:
    findings = [
        {**msgspec.to_builtins(finding), "message": str(_(finding.message, **finding.values)), "values": None}
        for finding in checked.findings
    ]
    return json.dumps(
        {"counts": dict(checked.counts), "rows": checked.rows, "faulty_rows": checked.faulty_rows, "findings": findings}, ensure_ascii=False
    )


def _show_findings(checked: Checked) -> None:
    several = len({finding.sheet for finding in checked.findings}) > 1
    for finding in checked.findings:
        where = _("Dòng %(row)s", row=finding.row) + (f", {finding.sheet}" if several else "")
        column = _(", cột %(label)s", label=finding.label) if finding.label else ""
        kind = "" if finding.blocking else _("lưu ý: ")
        click.echo(f"{where}{column}: {kind}{_(finding.message, **finding.values)}", err=True)


def _summary(checked: Checked) -> str:
    counts = {key: number(count) for key, count in checked.counts.items()}
    faulty = number(checked.faulty_rows)
    return str(
        _("Thêm %(new)s, cập nhật %(changed)s, chuyển đơn vị %(moved)s, không đổi %(unchanged)s, lỗi %(faulty)s.", faulty=faulty, **counts)
    )


@click.group("users", help="Accounts and roles.")
def users() -> None: ...


@users.command("create")
@click.option("--name", required=True, help="Full name.")
@click.option("--agency", required=True, metavar="CODE", help="Code of the agency (H55.242).")
@click.option("--login", help="Login name; default the staff code in small letters.")
@click.option("--staff-code", help="Default: the next free one.")
@click.option("--group", default="N2", show_default=True, help="Position group.")
@click.option("--title", help="Job title.")
@click.option("--role", type=click.Choice([role.value for role in Role if role is not Role.LEARNER]), help="A role to give at once.")
def create_user(name: str, agency: str, role: str | None, **details: str) -> None:
    """Enter a person and print the code with which they choose a password."""
    at, on = now(), _today()
    with transaction() as session:
        agency_id = _agency(session, agency, on)
        person_id = operations.create_person(session, SERVICE, _new_person(name, agency_id, on, details), at)
        if role is not None:
            scope = agency_id if Role(role) in (Role.FOCAL_POINT, Role.HEAD) else None
            operations.grant_role(session, SERVICE, person_id, Role(role), scope, on=on, at=at)
        issued = operations.issue_codes(session, SERVICE, [person_id], at)[0]
        login_name = login_name_of(session, person_id)
    _show_code(login_name, issued.code)


def _new_person(name: str, agency_id: UUID, on: date, details: Mapping[str, str]) -> NewPerson:
    return NewPerson(
        name,
        agency_id,
        on,
        group_code=details["group"],
        staff_code=details["staff_code"],
        login_name=details["login"],
        job_title=details["title"],
    )


@users.command("grant")
@click.argument("login")
@click.argument("role", type=click.Choice([role.value for role in Role if role is not Role.LEARNER]))
@click.option("--agency", metavar="CODE", help="Agency whose subtree the role is for; without it the whole province.")
def grant(login: str, role: str, agency: str | None) -> None:
    """Give ROLE to the person of LOGIN."""
    at, on = now(), _today()
    with transaction() as session:
        agency_id = _agency(session, agency, on) if agency else None
        operations.grant_role(session, SERVICE, _person(session, login), Role(role), agency_id, on=on, at=at)
    click.echo(_("Đã giao vai trò."))


@users.command("reset")
@click.argument("login")
def reset(login: str) -> None:
    """Take the password of LOGIN away and print a code to choose a new one with."""
    with transaction() as session:
        issued = operations.reset_password(session, SERVICE, _person(session, login), now())
    _show_code(login, issued.code)


@users.command("review")
@click.argument("login")
@click.option("--yes", is_flag=True, help="Confirm every role without asking about each.")
def review(login: str, *, yes: bool) -> None:
    """Note that the roles of LOGIN were looked at and are still needed: for whom no colleague can review, as a sole administrator."""
    at, on = now(), _today()
    with reading() as session:
        held = queries.grants_of_person(session, _person(session, login), on)
    if not held:
        raise DomainError(N_("Người này không có vai trò nào để rà soát."), code="no_roles")
    needed = []
    for row in held:
        words = f"{ROLE_NAMES[row.role]} – {row.agency_name or _('toàn tỉnh')}"
        if yes or click.confirm(_("%(role)s: còn cần?", role=words)):
            needed.append((row.id, words))
    with transaction() as session:
        for grant_id, _words in needed:
            operations.confirm_role(session, SERVICE, grant_id, on=on, at=at)
    for _id, words in needed:
        click.echo(_("Đã xác nhận còn cần: %(role)s.", role=words))
    if len(needed) < len(held):
        click.echo(_("%(count)s vai trò chưa xác nhận; thu hồi ở trang của người đó.", count=len(held) - len(needed)))


def _agency(session: Session, code: str, on: date) -> UUID:
    agency_id = agency_by_code(session, code, on)
    if agency_id is None:
        raise DomainError(N_("Không có cơ quan nào mang mã %(value)s. Nhập cây đơn vị trước."), code="no_agency", value=code)
    return agency_id


def _person(session: Session, login: str) -> UUID:
    person_id = queries.person_of_login(session, login.strip().casefold())
    if person_id is None:
        raise DomainError(N_("Không có tài khoản “%(login)s”."), code="no_account", login=login)
    return person_id


def _show_code(login_name: str, code: str) -> None:
    click.echo(_("Tên đăng nhập: %(login)s", login=login_name))
    click.echo(_("Mã kích hoạt (dùng một lần): %(code)s", code=code))
