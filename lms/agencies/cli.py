"""`lms agencies …`"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask import current_app
from flask_babel import gettext as _

from lms.agencies.operations import apply_import, check_import
from lms.kit.actors import SERVICE
from lms.kit.clock import local_date, now
from lms.kit.errors import N_, DomainError
from lms.kit.formats import number
from lms.kit.imports.rules import Checked
from lms.kit.sheets import read_workbook
from lms.kit.sheets.values import parse_day
from lms.kit.unit import reading, transaction


class Day(click.ParamType[date]):
    """01/07/2025 or 2025-07-01."""

    name = "DATE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            day = value if isinstance(value, date) else parse_day(str(value))
        except ValueError:
            day = None
        if day is None:
            self.fail(f"{value!r}: write 2025-07-01 or 01/07/2025", param, ctx)
        return day


@click.group("agencies", help="The agency tree.")
def agencies() -> None: ...


@agencies.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what the file would change.")
@click.option("--as-of", type=Day(), help="Lines without a date of their own hold from this day; default today.")
def import_file(file: Path, dry_run: bool, as_of: date | None) -> None:
    """Bring the tree up to what FILE says (.xlsx, .xls, .ods, .csv); all of it or nothing."""
    at = now()
    day = as_of or local_date(at, current_app.extensions["lms.settings"].zone)
    sheets = read_workbook(file)
    if dry_run:
        with reading() as session:
            checked = check_import(session, sheets, file.name, day).checked()
        _refuse_faulty(checked)
        click.echo(_summary(checked))
        return
    with transaction() as session:
        plan = check_import(session, sheets, file.name, day)
        checked = plan.checked()
        _refuse_faulty(checked)
        apply_import(session, SERVICE, plan, at)
    click.echo(_summary(checked))


def _refuse_faulty(checked: Checked) -> None:
    """Say what is wrong with each row; refuse where a row cannot be imported."""
    several = len({finding.sheet for finding in checked.findings}) > 1
    for finding in checked.findings:
        where = _("Dòng %(row)s", row=finding.row) + (f", {finding.sheet}" if several else "")
        value = f" ({finding.value})" if finding.value else ""
        click.echo(f"{where}, {finding.label}{value}: {_(finding.message, **finding.values)}", err=True)
    if checked.faulty_rows:
        raise DomainError(N_("Có %(rows)s dòng lỗi. Chưa ghi gì; sửa tệp rồi chạy lại."), code="faulty_rows", rows=checked.faulty_rows)


def _summary(checked: Checked) -> str:
    counts = {key: number(count) for key, count in checked.counts.items()}
    return str(_("Thêm mới %(added)s, thay đổi %(changed)s, không đổi %(unchanged)s đơn vị.", **counts))
