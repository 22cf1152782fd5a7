"""`lms reports`: freeze, publish, show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

import click
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter, now
from lms.kit.errors import N_, DomainError
from lms.kit.unit import reading, transaction
from lms.reports import operations, queries
from lms.reports.feeds import report_json
from lms.reports.operations.publishing import newest_public
from lms.reports.operations.targets import load_targets
from lms.reports.queries.bodies import whole_file
from lms.reports.target_pack import read_pack
from lms.reports.verifying import told, verification_json, verify_file
from lms.results.queries import ActivityRow, activity_of_period


class QuarterType(click.ParamType[Quarter]):
    name = "quarter"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Quarter:
        try:
            return Quarter.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group()
def reports() -> None:
    """Results per agency and quarter."""


@reports.command("build")
@click.argument("quarter", type=QuarterType())
@click.option("--agency", "code", help="only show this agency's result; nothing is frozen")
def build(quarter: Quarter, code: str | None) -> None:
    """Freeze a quarter's results for every agency."""
    if code is not None:
        _show(quarter, code)
        return
    with transaction() as session:
        report = operations.build_report(session, SERVICE, _activity(session, quarter), now())
    click.echo(f"{quarter}: frozen as report {report}")


@reports.command("publish")
@click.argument("quarter", type=QuarterType())
def publish(quarter: Quarter) -> None:
    """Make a quarter's newest frozen results public."""
    with transaction() as session:
        operations.publish_report(session, SERVICE, quarter.code, now())
    click.echo(f"{quarter}: published")


@reports.command("withdraw")
@click.argument("quarter", type=QuarterType())
@click.option("--because", required=True, help="what everybody reads in its place")
def withdraw(quarter: Quarter, because: str) -> None:
    """Take back what is public of a quarter."""
    with transaction() as session:
        operations.withdraw_report(session, SERVICE, newest_public(session, quarter.code), because, now())
    click.echo(f"{quarter}: withdrawn")


@reports.command("export")
@click.argument("quarter", type=QuarterType())
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(quarter: Quarter, file: TextIO) -> None:
    """Write the whole newest frozen report of a quarter as one canonical file."""
    with reading() as session:
        report = queries.current_report(session, _activity(session, quarter).key)
        if report is None:
            raise DomainError(N_("Chưa chốt số liệu của kỳ này."), code="no_report")
        for part in whole_file(session, report.id):
            file.write(part)


@reports.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def verify(file: Path, as_json: bool) -> None:
    """Rebuild what a report file says from the ledger as it was known then, and compare. Exit 1 where anything differs."""
    with reading() as session:
        found = verify_file(session, file.read_bytes())
    click.echo(json.dumps(verification_json(found), ensure_ascii=False, indent=2) if as_json else told(found))
    if not found.holds:
        raise SystemExit(1)


@reports.command("targets")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def bring(file: Path) -> None:
    """Take in the targets of a pack file; one that is there and differs gets a new version."""
    with transaction() as session:
        number = load_targets(session, SERVICE, read_pack(file.read_text(encoding="utf-8")), now())
    click.echo(f"{number} targets")


def _show(quarter: Quarter, code: str) -> None:
    with reading() as session:
        activity = _activity(session, quarter)
        agency = queries.find_agency(session, code, activity.counted_on)
        reports = queries.counted_reports(session, activity)
    if agency is None or agency not in reports:
        raise DomainError(
            N_("Không có cơ quan nào mang mã %(agency)s vào ngày %(day)s."), agency=code, day=f"{activity.counted_on:%d/%m/%Y}"
        )
    result = report_json(reports[agency], reports, period=quarter.code, state="provisional", counted_at=now())
    click.echo(json.dumps(result, ensure_ascii=False, indent=2))


def _activity(session: Session, quarter: Quarter) -> ActivityRow:
    found = activity_of_period(session, quarter.code)
    if found is None:
        raise DomainError(N_("Chưa có kỳ kiểm tra nào của %(quarter)s."), quarter=str(quarter))
    return found
