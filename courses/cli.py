"""`lms courses …`: checking courses and publishing them from their files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click
from flask_babel import gettext as _
from flask_babel import ngettext

from courses import operations, queries
from courses.authoring.package_files import PackageFiles, course_folders, parse_course, read_files
from courses.authoring.problems import Problem
from courses.check_command import BUNDLED, check
from courses.rules import CourseContent
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction

__all__ = ["BUNDLED", "courses_group"]


@click.group("courses", help="Khóa học: soát và nạp từ thư mục bài giảng.")
def courses_group() -> None:
    """Groups the commands about courses."""


courses_group.add_command(check)


@courses_group.command("load")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path), default=BUNDLED)
def load(folder: Path) -> None:
    """Nạp các khóa học trong FOLDER (mặc định: các khóa học đi kèm). Khóa nào không đổi thì giữ nguyên."""
    folders = course_folders(folder)
    if not folders:
        click.echo(_("%(folder)s: không có khóa học nào. Mỗi khóa là một thư mục có tệp course.yaml.", folder=folder), err=True)
        sys.exit(1)
    packages = [read_files(path) for path in folders]
    with reading() as session:
        known = queries.current_codes(session)
    changed = [package for package in packages if package.content_hash not in known]
    folder_of = {known[package.content_hash]: package.label for package in packages if package.content_hash in known}
    refused = sum(not _load_one(package, folder_of) for package in changed)
    unchanged = len(packages) - len(changed)
    if unchanged:
        click.echo(ngettext("%(num)s khóa học không thay đổi.", "%(num)s khóa học không thay đổi.", unchanged))
    if refused:
        click.echo(ngettext("%(num)s khóa học chưa nạp được.", "%(num)s khóa học chưa nạp được.", refused), err=True)
        sys.exit(1)


def _load_one(package: PackageFiles, folder_of: dict[str, str]) -> bool:
    """Publish one course whole or not at all; whether it could be. `folder_of`: codes met so far and where, added to here."""
    content, problems = parse_course(package)
    _tell(problems)
    if content is None:
        return False
    other = folder_of.setdefault(content.code, package.label)
    if other != package.label:
        message = N_("Mã %(code)s đã dùng cho thư mục %(other)s: đổi “code” của một khóa.")
        _tell([Problem(f"{package.label}/course.yaml", 1, message, {"code": content.code, "other": other})])
        return False
    try:
        with transaction() as session:
            number = operations.load_course(session, SERVICE, content, now())
    except DomainError as refusal:
        click.echo(f"{package.label}/course.yaml:1: {translated(refusal)}", err=True)
        return False
    click.echo(_loaded(content, number))
    return True


def _tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        notice = "" if problem.refuses else _("(lưu ý)") + " "
        click.echo(f"{problem.file}:{problem.line}: {notice}{_(problem.message, **problem.values)}", err=True)


def _loaded(content: CourseContent, number: int | None) -> str:
    if number is None:
        return str(_("%(code)s: không thay đổi.", code=content.code))
    return str(
        _(
            "%(code)s: đã nạp phiên bản %(number)s, %(lessons)s bài, %(media)s hình.",
            code=content.code,
            number=number,
            lessons=len(content.lessons),
            media=len(content.media),
        )
    )
