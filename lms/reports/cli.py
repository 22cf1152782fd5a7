"""`lms reports`: freeze, publish, show."""

from __future__ import annotations

import json

import click
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter, now
from lms.kit.errors import N_, DomainError
from lms.kit.unit import reading, transaction
from lms.reports import operations, queries
from lms.reports.feeds import report_json
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
