"""`lms rounds …`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE, NotFound
from lms.kit.clock import Quarter, now
from lms.kit.errors import N_, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from quizzes.interchange import yaml_file
from quizzes.jobs.course_tests import open_course_tests
from quizzes.operations import life
from quizzes.operations import rounds as round_operations
from quizzes.queries import bank as bank_queries
from quizzes.queries import rounds as round_queries
from quizzes.queries.round_plans import plan_view, readiness
from quizzes.rules.assembly import spread
from quizzes.rules.bank import course_of
from quizzes.rules.counting import Counting
from quizzes.rules.rounds import FeedbackPolicy, Purpose, RoundSettings
from quizzes.views.round_words import said_finding

BUNDLED = Path(__file__).parent.parent / "courses" / "content"
FORMATS = {"yaml": yaml_file.parse}


@click.group("rounds", help="Kỳ kiểm tra: tạo, kiểm tra trước khi mở, mở, đóng, khóa.")
def rounds_group() -> None:
    """Groups the commands about rounds."""


@rounds_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="In dạng JSON.")
def list_rounds(as_json: bool) -> None:
    """Các kỳ kiểm tra, mới nhất trước."""
    with reading() as session:
        found = [(view, round_queries.round_counts(session, view)) for view in round_queries.rounds(session)]
    if as_json:
        rows = [
            {
                "code": view.code,
                "purpose": view.purpose,
                "quarter": view.quarter,
                "title": view.title,
                "state": view.state,
                "opens_at": view.opens_at.isoformat(),
                "closes_at": view.closes_at.isoformat(),
                "expected": counts.expected,
                "excluded": counts.excluded,
                "finished": counts.finished,
                "passed": counts.passed,
            }
            for view, counts in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for view, counts in found:
        click.echo(f"{view.code}\t{view.state}\t{counts.finished}/{counts.expected}\t{view.title}")


@rounds_group.command("create")
@click.argument("quarter")
@click.option("--opens", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Giờ mở, giờ của tỉnh.")
@click.option("--closes", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Giờ đóng, giờ của tỉnh.")
@click.option("--cutoff", type=click.DateTime(["%Y-%m-%d"]), help="Ngày chốt danh sách; mặc định ngày mở.")
@click.option("--title", help="Tên kỳ; mặc định “Kiểm tra Quý IV/2026”.")
@click.option("--legal-basis", help="Căn cứ: số, ngày, trích yếu.")
@click.option("--group", "groups", multiple=True, help="Nhóm đối tượng; nhiều lần; mặc định mọi nhóm.")
@click.option("--course", "courses", multiple=True, help="Chỉ lấy câu của khóa học này (ví dụ CB1); nhiều lần; mặc định mọi khóa.")
@click.option("--questions", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--minutes", type=click.IntRange(1, 240), default=20, show_default=True)
@click.option("--attempts", type=click.IntRange(1, 20), default=2, show_default=True)
@click.option("--pass-mark", type=click.IntRange(0, 100), default=50, show_default=True)
@click.option("--counting", type=click.Choice([one.value for one in Counting]), default="highest", show_default=True, help="Lượt nào tính.")
@click.option("--purpose", type=click.Choice([one.value for one in Purpose]), default="quarterly", show_default=True, help="Mục đích.")
@click.option("--code", help="Mã kỳ, khi không phải kiểm tra định kỳ.")
@click.option("--of-course", help="Mã khóa học của bài kiểm tra khóa học.")
@click.option("--automatic", is_flag=True, help="Tự mở, đóng và khóa đúng lịch.")
@click.option("--feedback", type=click.Choice([policy.value for policy in FeedbackPolicy]), default="after_close", show_default=True)
def create(
    quarter: str,
    *,
    opens: datetime,
    closes: datetime,
    cutoff: datetime | None,
    groups: tuple[str, ...],
    courses: tuple[str, ...],
    **options: object,
) -> None:
    """Tạo kỳ kiểm tra của quý QUARTER (viết 2026-Q4) với ma trận đề cân đối từ ngân hàng câu hỏi."""
    named = _quarter(quarter)
    zone = settings().zone
    first, last = opens.date(), closes.date()
    with transaction() as session:
        usable = bank_queries.usable_items(session, first, last)
        available = {cell: len(items) for cell, items in usable.items() if not courses or course_of(cell[0]) in courses}
        round_operations.create_round(
            session,
            SERVICE,
            RoundSettings(
                quarter=named,
                title=str(options["title"] or f"Kiểm tra {named.label}"),
                legal_basis=str(options["legal_basis"]) if options["legal_basis"] else None,
                groups=groups,
                cutoff_day=(cutoff or opens).date(),
                opens_at=opens.replace(tzinfo=zone),
                closes_at=closes.replace(tzinfo=zone),
                duration_seconds=int(str(options["minutes"])) * 60,
                attempts_allowed=int(str(options["attempts"])),
                pass_mark=Decimal(str(options["pass_mark"])),
                feedback_policy=str(options["feedback"]),
                counting=str(options["counting"]),
                purpose=str(options["purpose"]),
                code=str(options["code"]) if options["code"] else None,
                course=str(options["of_course"]) if options["of_course"] else None,
            ),
            spread(available, int(str(options["questions"]))),
            now(),
            plan={"automatic": bool(options["automatic"])},
        )
    click.echo(_("Đã tạo kỳ kiểm tra %(quarter)s.", quarter=quarter))


@rounds_group.command("open-course-tests")
def open_course_tests_now() -> None:
    """Mở bài kiểm tra cuối khóa của năm nay cho mọi khóa học có ma trận (blueprint.yaml); mã thoát 1 nếu có khóa chưa mở được."""
    done = open_course_tests(now())
    for course, refused in done.items():
        if refused is None:
            click.echo(_("%(course)s: đã mở bài kiểm tra cuối khóa.", course=course))
        else:
            click.echo(f"{course}: {translated(refused)}", err=True)
    if any(refused is not None for refused in done.values()):
        sys.exit(1)


@rounds_group.command("open")
@click.argument("quarter")
def open_(quarter: str) -> None:
    """Chốt danh sách, lập đề và mở kỳ kiểm tra QUARTER (quý hoặc mã kỳ)."""
    _code(quarter)
    with transaction() as session:
        view = _round(session, quarter)
        count = life.open_round(session, SERVICE, view.id, zone=settings().zone, at=now())
    click.echo(_("Đã mở kỳ kiểm tra %(quarter)s: %(count)s người trong danh sách.", quarter=quarter, count=count))


@rounds_group.command("close")
@click.argument("quarter")
def close(quarter: str) -> None:
    """Đóng kỳ kiểm tra QUARTER (quý hoặc mã kỳ); bài đang làm được nộp và chấm."""
    _code(quarter)
    with transaction() as session:
        ended = life.close_round(session, SERVICE, _round(session, quarter).id, now())
    click.echo(_("Đã đóng kỳ kiểm tra %(quarter)s; %(count)s bài đang làm đã được nộp.", quarter=quarter, count=ended))


@rounds_group.command("lock")
@click.argument("quarter")
@click.option("--undo", metavar="REASON", help="Mở khóa kết quả, ghi lý do REASON.")
def lock(quarter: str, undo: str | None) -> None:
    """Khóa kết quả kỳ kiểm tra QUARTER: không chấm lại, không sửa danh sách nữa."""
    with transaction() as session:
        round_id = _round(session, quarter).id
        if undo is None:
            life.lock_round(session, SERVICE, round_id, now())
        else:
            life.unlock_round(session, SERVICE, round_id, undo, now())
    done = _("Đã khóa kết quả kỳ kiểm tra %(quarter)s.", quarter=quarter)
    click.echo(done if undo is None else _("Đã mở khóa kết quả kỳ kiểm tra %(quarter)s.", quarter=quarter))


@rounds_group.command("check")
@click.argument("quarter")
def check(quarter: str) -> None:
    """Kỳ kiểm tra QUARTER còn thiếu gì trước khi mở; mã thoát 1 nếu còn mục phải sửa."""
    with reading() as session:
        view = _round(session, quarter)
        found = readiness(session, view, plan_view(session, view.id), settings().zone)
    for finding in found.findings:
        click.echo(("✗ " if finding.hinders else "! ") + said_finding(finding))
    click.echo(_("Thuộc diện %(expected)s, miễn hoặc hoãn %(excused)s.", expected=found.counted.expected, excused=found.counted.excused))
    if not found.clean:
        sys.exit(1)


def _quarter(text: str) -> Quarter:
    try:
        return Quarter.parse(text)
    except ValueError:
        raise click.BadParameter(_("“%(text)s” không phải một quý, viết như 2026-Q4", text=text), param_hint="QUARTER") from None


def _code(text: str) -> None:
    """A quarter, or the code of another test; what begins like a year must be a quarter."""
    if text[:4].isdecimal():
        _quarter(text)


def _round(session: Session, quarter: str) -> round_queries.RoundView:
    try:
        return round_queries.round_by_code(session, quarter)
    except NotFound:
        raise DomainError(N_("Chưa có kỳ kiểm tra %(quarter)s."), quarter=quarter) from None
