"""`lms courses check`: what the checks of all features find in courses, and a table of what there is."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click
from flask import current_app
from flask_babel import gettext as _

from courses.authoring.package_files import course_folders
from courses.checking import check_texts, verified
from courses.checking.findings import Counts, Finding
from courses.checking.standards import read_standards
from courses.checking.written import WrittenCourse, read_written
from lms.feature import CourseCheck
from lms.kit.clock import local_date, now
from lms.kit.errors import N_

BUNDLED = Path(__file__).parent / "content"
GAP = 2


@click.command("check")
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folders: tuple[Path, ...]) -> None:
    """Soát các khóa học trong FOLDER (mặc định: các khóa học đi kèm): cấu trúc, chữ viết, căn cứ, câu hỏi, ma trận đề. Không ghi gì.

    Lỗi phải sửa; lưu ý thì xem lại. Cuối cùng là bảng số liệu của từng khóa. Mã thoát 1 khi có lỗi.
    """
    paths = [path for folder in folders or (BUNDLED,) for path in course_folders(folder)]
    if not paths:
        where = ", ".join(map(str, folders))
        click.echo(_("%(folder)s: không có khóa học nào. Mỗi khóa là một thư mục có tệp course.yaml.", folder=where), err=True)
        sys.exit(1)
    courses = [read_written(path) for path in paths]
    on = local_date(now(), current_app.extensions["lms.settings"].zone)
    checks = [one for feature in current_app.extensions["lms.features"] for one in feature.course_checks]
    findings, counts = findings_of(courses, checks, on)
    for finding in findings:
        click.echo(told(finding))
    for course in courses:
        for source, text in verified.unconfirmed(course):
            click.echo(_("%(course)s: chưa xác nhận [^%(id)s] %(text)s", course=course.label, id=source, text=text))
    for line in table([course.label for course in courses], counts):
        click.echo(line)
    if any(finding.error for finding in findings):
        sys.exit(1)


def findings_of(courses: Sequence[WrittenCourse], checks: Sequence[CourseCheck], on: date) -> tuple[list[Finding], Counts]:
    """What all checks find, by file and line, and all counts, errors and notices among them."""
    standards = read_standards()
    found: list[Finding] = []
    counts: Counts = {course.label: {} for course in courses}
    for one in (check_texts, *checks):
        findings, more = one(courses, standards, on)
        found.extend(findings)
        for label, numbers in more.items():
            counts[label].update(numbers)
    errors = Counter(finding.course for finding in found if finding.error)
    notices = Counter(finding.course for finding in found if not finding.error)
    for label, numbers in counts.items():
        numbers |= {N_("Lỗi"): errors[label], N_("Lưu ý"): notices[label]}
    return sorted(found), counts


def told(finding: Finding) -> str:
    """A finding as a line of the command's output."""
    kind = _("lỗi") if finding.error else _("lưu ý")
    return f"{finding.file}:{finding.line}: {kind}: {_(finding.message, **finding.values).strip()}"


def table(labels: Sequence[str], counts: Counts) -> list[str]:
    """A row for everything counted, a column for each course, and one for all where there are several."""
    names = list(dict.fromkeys(name for label in labels for name in counts[label]))
    several = len(labels) > 1
    rows = [[_("Khóa học"), *labels, *([_("Cộng")] if several else [])]]
    for name in names:
        numbers = [counts[label].get(name, 0) for label in labels]
        rows.append([_(name), *map(str, [*numbers, sum(numbers)] if several else numbers)])
    widths = [max(len(row[place]) for row in rows) + GAP for place in range(len(rows[0]))]
    return ["", *(_row(row, widths) for row in rows)]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "".join((first, *others))
