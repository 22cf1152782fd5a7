"""A report's life as people see it: the department's list and page of a quarter, and each agency's page of its draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, stream_with_context
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter, local_date, now
from lms.kit.unit import database, reading, settings
from lms.reports import queries
from lms.reports.forms import AnswerForm, ConsultForm, FreezeForm, PlanForm, ScheduleForm, WithdrawForm
from lms.reports.models import Report, ReportPlan, ReportState
from lms.reports.operations.planning import plan_of
from lms.reports.operations.publishing import READY
from lms.reports.queries import life
from lms.reports.queries.bodies import whole_file
from lms.reports.queries.consulting import consultation_of
from lms.reports.queries.correcting import corrections_of
from lms.reports.queries.deciders import deciders
from lms.reports.queries.deliveries import telling_of
from lms.reports.reading import find_activity, quarter_of
from lms.reports.rules.approving import Approval, SecondPerson, approval
from lms.reports.rules.correcting import CAUSE_NAMES
from lms.results import queries as ledger

blueprint = Blueprint("report_life", "lms.reports", url_prefix="/manage/reports", template_folder="templates")

FIGURE_NAMES = {
    "expected": _l("Thuộc diện"),
    "excluded": _l("Miễn, hoãn"),
    "took_part": _l("Tham gia"),
    "passed": _l("Đạt"),
    "score_hundredths": _l("Tổng điểm × 100"),
    "good": _l("Giỏi"),
    "fair": _l("Khá"),
    "average": _l("Trung bình"),
    "weak": _l("Yếu"),
    "attempts": _l("Số lượt"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the way from close to publication. `moment`: when it was taken, or until when it runs."""

    name: str
    state: str  # done, current, waiting
    moment: Any = None


@dataclass(frozen=True, slots=True)
class Deciding:
    """Whether the one who looks may approve, and who else may."""

    answer: Approval
    others: list[str]


@blueprint.get("/")
@requires("reports.publish")
def index() -> str:
    """Quarters with where their report stands and what comes next."""
    with reading() as session:
        newest = life.newest_with_building(session)
        public = life.public_reports(session)
        rows = [
            (Quarter.from_code(activity.period), activity, newest.get(activity.key), public.get(activity.key))
            for activity in ledger.activities(session)
            if ledger.activity_of_period(session, activity.period) == activity
        ]
        return render_template("reports/life_index.html", rows=rows, at=now())


@blueprint.get("/<quarter>/")
@requires("reports.publish")
def report(quarter: str) -> str:
    """One quarter: the way to publication, what agencies say, what a revision corrects, and the next step."""
    return quarter_page(quarter)


@blueprint.get("/progress/<uuid:job_id>")
@requires("reports.publish")
def work(job_id: UUID) -> str:
    """How far a long job is."""
    with reading() as session:
        view = life.work_of(session, job_id)
        found = session.get(Report, UUID(view.payload["report"])) if "report" in view.payload else None
    return render_template("reports/life_work.html", work=view, quarter=Quarter.from_code(found.period) if found else None)


@blueprint.get("/<quarter>/report.json")
@requires("reports.publish")
def whole(quarter: str) -> Response:
    """The newest frozen report as one canonical file, for keeping and for `lms reports verify`."""
    with reading() as session:
        found = current_of(session, quarter)
        if not found.sha256:
            raise NotFound
    kept = database()

    def parts() -> Iterator[str]:
        with kept.reading() as session:
            yield from whole_file(session, found.id)

    response = Response(stream_with_context(parts()), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"bao-cao-{quarter}-ban-{found.revision}.json")
    return response


def quarter_page(quarter: str, **forms: Any) -> str:
    at = now()
    period = quarter_of(quarter)
    with reading() as session:
        activity = find_activity(session, period)
        revisions = life.reports_of(session, activity.key)
        current = next((one for one in revisions if one.state != ReportState.DISCARDED), None)
        public = next((one for one in revisions if one.state == ReportState.PUBLISHED), None)
        consultation = diff = None
        if current is not None and current.state != ReportState.BUILDING:
            diff = corrections_of(session, current.id, for_the_public=False)
            if current.consultation_opened_at is not None:
                consultation = consultation_of(session, current.id, local_date(at, settings().zone))
        planned = plan_of(session, activity.key)
        deciding = _deciding(session, current, at)
        publishing = _publishing(session, current, at)
        told = telling_of(session, public.id) if public is not None else None
    forms.setdefault("plan", _plan_form(planned))
    made = {"freeze": FreezeForm, "consult": ConsultForm, "schedule": ScheduleForm, "withdraw": WithdrawForm, "answer": AnswerForm}
    return render_template(
        "reports/life.html",
        quarter=period,
        activity=activity,
        report=current,
        public=public,
        revisions=revisions,
        consultation=consultation,
        diff=diff,
        over=current is not None and current.consultation_until is not None and current.consultation_until <= at,
        steps=_steps(current, at),
        planned=planned,
        at=at,
        deciding=deciding,
        publishing=publishing,
        told=told,
        mail=settings().smtp_url,
        figure_names=FIGURE_NAMES,
        cause_names=CAUSE_NAMES,
        **{name: forms.get(name) or form() for name, form in made.items()},
        plan=forms["plan"],
    )


def _plan_form(planned: ReportPlan | None) -> PlanForm:
    if planned is None:
        return PlanForm(data={"days": 3, "hour": "08:00"})
    moment = planned.publish_at.astimezone(settings().zone) if planned.publish_at else None
    return PlanForm(
        data={
            "freezes": planned.freezes_when_locked,
            "consults": planned.consults_when_frozen,
            "days": planned.consultation_days,
            "day": moment.date() if moment else None,
            "hour": f"{moment:%H:%M}" if moment else "08:00",
        }
    )


def _deciding(session: Session, report: Report | None, at: datetime) -> Deciding | None:
    """May the one who looks approve this draft, and if not, who may?"""
    if report is None or report.state not in READY:
        return None
    found = deciders(session, local_date(at, settings().zone))
    person = current_actor().person_id
    answer = approval(SecondPerson(settings().report_second_person), report.built_by, person, len(found))
    return Deciding(answer, [one.name for one in found if one.id != report.built_by])


def _publishing(session: Session, report: Report | None, at: datetime) -> life.WorkView | None:
    """The job that is to publish a report whose moment has come, and has not done so (yet)."""
    if report is None or report.state != ReportState.APPROVED or report.job_id is None:
        return None
    overdue = report.publish_at is not None and report.publish_at <= at
    return life.work_of(session, report.job_id) if overdue else None


def _steps(report: Report | None, at: Any) -> list[Step]:
    """What was done, what is under way, what comes."""
    frozen = report is not None and report.state != ReportState.BUILDING
    asked = report.consultation_opened_at if report and frozen else None
    over = bool(report and report.consultation_until and report.consultation_until <= at)
    approved = report.approved_at if report and frozen else None
    published = report.published_at if report and frozen else None
    done = [
        (_("Chốt số liệu"), frozen, report.built_at if report else None),
        (_("Lấy ý kiến các cơ quan"), bool(asked and over) or bool(approved), report.consultation_until if report else None),
        (_("Duyệt"), bool(approved), approved),
        (_("Công bố"), bool(published), published or (report.publish_at if report else None)),
    ]
    current = next((place for place, (_name, is_done, _moment) in enumerate(done) if not is_done), len(done))
    return [
        Step(name, "done" if is_done else "current" if place == current else "waiting", moment)
        for place, (name, is_done, moment) in enumerate(done)
    ]


def current_of(session: Session, quarter: str) -> Report:
    found = queries.current_report(session, find_activity(session, quarter_of(quarter)).key)
    if found is None:
        raise NotFound
    return found
