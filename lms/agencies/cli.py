"""`lms agencies …`"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.agencies import queries
from lms.agencies.files import packed_content, read_files
from lms.agencies.operations import apply_import, check_import, rebuild_agencies, undo_import
from lms.agencies.queries.believed import codes_on, stored_history
from lms.agencies.rules.plan import Plan
from lms.agencies.workbook import events_workbook, tree_workbook
from lms.kit.actors import EVERYWHERE, SERVICE
from lms.kit.clock import local_date, now
from lms.kit.errors import N_, DomainError
from lms.kit.formats import number
from lms.kit.imports import last_done, undo_now
from lms.kit.imports.commands import record_cli_import
from lms.kit.imports.operations import finish_import
from lms.kit.imports.rules import Checked
from lms.kit.sheets.values import parse_day
from lms.kit.unit import reading, transaction, vault

KIND = "agencies"


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
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what the file would change.")
@click.option("--as-of", type=Day(), help="Lines without a date of their own hold from this day; default today.")
@click.option("--new-root", is_flag=True, help="The file may bring an agency that stands beside the one at the top.")
@click.option("--json", "as_json", is_flag=True, help="Answer with counts, findings and changed agencies as JSON.")
def import_file(file: Path, dry_run: bool, as_of: date | None, new_root: bool, as_json: bool) -> None:
    """Bring the tree up to what FILE says (.xlsx, .xls, .ods, .csv, or a folder of them); all of it or nothing.

    Sheets of agencies and sheets of events are told apart by their columns.
    """
    at = now()
    day = as_of or local_date(at, current_app.extensions["lms.settings"].zone)
    sheets = read_files(file)
    if dry_run:
        with reading() as session:
            plan = check_import(session, sheets, file.name, day, new_root=new_root)
    else:
        with transaction() as session:
            plan = check_import(session, sheets, file.name, day, new_root=new_root)
            if not plan.checked().faulty_rows:
                _apply(session, plan, file, {"as_of": day.isoformat(), "new_root": new_root})
    _answer(plan, as_json=as_json)


def _apply(session: Session, plan: Plan, file: Path, options: dict[str, Any]) -> None:
    """Like an import from the page, so that it stands in the list of imports and can be taken back."""
    at, checked = now(), plan.checked()
    if not checked.rows:
        return
    pending = record_cli_import(
        session,
        vault(),
        SERVICE,
        kind=KIND,
        file_name=file.name,
        content=packed_content(file),
        checked=checked,
        options=options,
        at=at,
    )
    finish_import(session, pending, apply_import(session, SERVICE, plan, at, run_id=pending.id), at)


@agencies.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--on", type=Day(), help="The agencies of this day; without it, all events.")
def export_file(file: Path, on: date | None) -> None:
    """Write the tree to FILE (.xlsx), as `import` reads it: all that has happened, or the agencies of one day."""
    if file.suffix.lower() != ".xlsx":
        raise DomainError(N_("Tên tệp %(file)s phải có đuôi .xlsx."), code="not_xlsx", field="file", file=file.name)
    with reading() as session:
        if on is None:
            content = events_workbook(stored_history(session))
        else:
            rows = [row for _depth, row in queries.whole_tree(session, on, EVERYWHERE)]
            content = tree_workbook(rows, codes_on(session, on), on)
    file.write_bytes(content)
    click.echo(_("Đã ghi %(file)s.", file=file.name))


@agencies.command("undo")
def undo() -> None:
    """Take back the last import, where nothing builds on it since."""
    with transaction() as session:
        run_id = last_done(session, KIND)
        if run_id is None:
            raise DomainError(N_("Chưa có lần nhập cây đơn vị nào để hoàn tác."), code="nothing_to_withdraw")
        result = undo_now(session, SERVICE, run_id, undo_import, now())
    click.echo(_("Đã hoàn tác lần nhập: rút %(withdrawn)s sự kiện.", withdrawn=number(result["withdrawn"])))


@agencies.command("rebuild")
def rebuild() -> None:
    """Make the tree anew from its events, where `lms doctor` says that it has come apart."""
    with transaction() as session:
        rebuilt = rebuild_agencies(session, SERVICE, now())
    if not rebuilt:
        click.echo(_("Cây đơn vị đã đúng theo các sự kiện, không phải sửa gì."))
        return
    click.echo(
        _(
            "Đã dựng lại cây đơn vị từ các sự kiện: %(versions)s giai đoạn, %(codes)s mã, %(closure)s dòng quan hệ trực thuộc đã sửa.",
            versions=number(rebuilt.versions),
            codes=number(rebuilt.codes),
            closure=number(rebuilt.closure_begun + rebuilt.closure_ended),
        )
    )


def _answer(plan: Plan, *, as_json: bool) -> None:
    """What the file changes; what is wrong with each row, and a refusal where a row cannot be imported."""
    checked = plan.checked()
    if as_json:
        click.echo(json.dumps(_plain(checked), ensure_ascii=False, indent=2))
    else:
        _tell_findings(checked)
    if checked.faulty_rows:
        raise DomainError(N_("Có %(rows)s dòng lỗi. Chưa ghi gì; sửa tệp rồi chạy lại."), code="faulty_rows", rows=checked.faulty_rows)
    if not as_json:
        click.echo(_summary(checked))


def _tell_findings(checked: Checked) -> None:
    several = len({finding.sheet for finding in checked.findings}) > 1
    for finding in checked.findings:
        where = _("Dòng %(row)s", row=finding.row) + (f", {finding.sheet}" if several else "")
        value = f" ({finding.value})" if finding.value else ""
        click.echo(f"{where}, {finding.label}{value}: {_(finding.message, **finding.values)}", err=True)


def _summary(checked: Checked) -> str:
    counts = {key: number(count) for key, count in checked.counts.items()}
    said = [_("Thêm mới %(added)s, thay đổi %(changed)s, không đổi %(unchanged)s đơn vị.", **counts)]
    if checked.counts["ended"]:
        said.append(_("Kết thúc %(ended)s đơn vị.", **counts))
    if checked.counts["events"] or checked.counts["known_events"]:
        said.append(_("Ghi %(events)s sự kiện, %(known_events)s sự kiện đã có.", **counts))
    return " ".join(map(str, said))


def _plain(checked: Checked) -> dict[str, Any]:
    return {
        "counts": dict(checked.counts),
        "rows": checked.rows,
        "faulty_rows": checked.faulty_rows,
        "findings": [
            {
                "sheet": finding.sheet,
                "row": finding.row,
                "column": finding.label,
                "value": finding.value,
                "message": str(_(finding.message, **finding.values)),
                "blocking": finding.blocking,
            }
            for finding in checked.findings
        ],
        "agencies": checked.details["agencies"],
        "agencies_total": checked.details["agencies_total"],
    }
