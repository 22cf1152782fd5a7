"""An object for every argument of an address: one's own, and another's; and what to send so that a post does what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from courses.models import CourseMedia
from lms.accounts.models import Leave, Person, Posting, RoleGrant, TransferRequest
from lms.accounts.rules.transfers import Kind, State
from lms.agencies.models import AgencyLink
from lms.kit.actors import EVERYWHERE, SERVICE, Actor, Role
from lms.kit.audit import AuditEntry
from lms.kit.ids import uuid7
from lms.kit.imports import Checked, Finding
from lms.kit.imports.operations import record_check
from lms.kit.jobs import Job
from lms.kit.secrets import vault_of
from lms.lrs.operations import add_credential
from lms.lrs.operations.forwarding import NewTarget, add_target
from lms.lrs.operations.store import store_statements
from lms.lrs.outbox import OutboxEntry
from lms.lrs.rules.reading import from_values
from lms.mail.models import Message
from lms.privacy.operations import NewRequest, answer_request, make_request
from lms.privacy.rules.requests import RequestKind
from lms.reports.models import AgencyVerdict, CrossTabView, ReportAgency, Target
from lms.reports.operations import build_report, open_consultation, publish_report
from lms.reports.operations.targets import load_targets
from lms.reports.operations.webhooks import add_webhook
from lms.reports.target_pack import OWN_PACK, read_pack
from lms.results.queries import activity_of_period
from quizzes.models import (
    Accommodation,
    Appeal,
    Attempt,
    FormSlot,
    ItemReport,
    ItemVersion,
    LateArrival,
    Picture,
    Round,
    Ruling,
    Signal,
    Supervision,
)
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.operations.exclusions import propose_exclusion
from quizzes.operations.windows import add_make_up
from quizzes.rules.windows import Span
from tests.factories import make_agency, make_people, make_person
from tests.quizzes.making import AT, CLOSES, ESSAY_QUARTER, QUARTER, ZONE, make_round, make_waiting_essay

TODAY = AT.date()
SINCE = date(2021, 1, 1)
SHA = "0" * 64
PICTURE = "1" * 64
VERDICT, WORK = (str(UUID(int=7 << 76 | 2 << 62 | last)) for last in (1, 2))  # of the report that is published
NOBODYS = str(UUID(int=7 << 76 | 2 << 62))


@dataclass(frozen=True)
class Things:
    """Values of address arguments, by name or `name:endpoint`: those of the own agency or person, and those of another."""

    own: dict[str, str]
    foreign: dict[str, str]


@dataclass(frozen=True)
class Neighbour:
    """An agency with its people. `part` is a part of it, `peer` the agency transfers go to and come from; `sitter` holds what belongs to
    one person alone."""

    agency: UUID
    code: str
    part: UUID
    peer: UUID
    sitter: UUID
    people: Mapping[str, UUID]


def make_neighbour(session: Session, agency: UUID, peer: UUID, sitter: UUID | None) -> Neighbour:
    """Somebody for each thing that is done to people, so that none stands in another's way."""
    number = session.scalar(select(func.count()).select_from(Posting))
    names = ("colleague", "twin", "granted", "erased", "copying", "leaving", "refused", "asked", "substitute", "sitter")
    people = {
        name: make_person(
            session,
            f"Lê Thị {name.title()}",
            agency=peer if name in ("leaving", "refused") else agency,
            login=f"{name}{number}",
            staff_code=f"CB{number}{place:03d}",
            valid_from=date(2020, 1, 1),
        )
        for place, name in enumerate(names)
    }
    make_people(session, agency, [{}] * 6)  # enough that results may be made public
    code = "H55.1" if sitter else "H55.2"
    part = make_agency(session, "Phòng Tổng hợp", parent=agency, code=f"{code}.1")
    return Neighbour(agency, code, part, peer, sitter or people["sitter"], people)


def make_common(session: Session) -> dict[str, str]:
    """What belongs to nobody's agency. Where one argument means several things, the beginning of the endpoint decides."""
    statement_id = str(uuid7())
    said = {
        "id": statement_id,
        "actor": {"account": {"homePage": "https://hoc.example.vn", "name": "cb-1"}},
        "verb": {"id": "http://example.vn/v"},
        "object": {"objectType": "Activity", "id": "http://example.vn/o"},
    }
    authority = {"objectType": "Agent", "account": {"homePage": "http://other.example.vn", "name": "he-thong"}}
    store_statements(session, from_values([said]), authority, AT)
    add_credential(session, SERVICE, "Hệ thống ngoài", ("all/read",), AT, key="he-thong-ngoai")
    add_target(session, SERVICE, NewTarget("kho-ngoai", "https://kho.example.vn/xapi/", "k", "s"), AT)
    for name in ("ioc", "ioc-cu"):
        add_webhook(session, SERVICE, name, "https://ioc.example.vn/", ["report.published"], may_be_plain=False, at=AT)
    session.add(CourseMedia(sha256=SHA, media_type="image/svg+xml", content=b"<svg/>", added_at=AT))
    session.add(OutboxEntry(id=900, builder="gone", reference={}, happened_at=AT, tries=5, error="x", set_aside_at=AT))
    session.flush()
    picture = {"sha256": PICTURE, "alt": "Hình", "width": 9, "height": 9}
    session.add(Picture(sha256=PICTURE, media_type="image/png", content=b"x", width=9, height=9, stored_at=AT))
    for version in session.scalars(select(ItemVersion)):
        version.body = {**version.body, "picture": picture}
    writer = make_person(session, "Đàm Thị Viết", agency=make_agency(session, "Trung tâm Văn"), staff_code="CB-VAN")
    essay = make_waiting_essay(session, writer)
    session.flush()
    if session.scalar(select(Round.id).where(Round.code == QUARTER)) is not None:  # a stranger meets no round at all
        make_round(session, purpose="contest", code="cuoc-thi")
    entry = session.scalars(select(AuditEntry.id).limit(1)).one_or_none() or uuid7()
    load_targets(session, SERVICE, read_pack(OWN_PACK.read_text(encoding="utf-8"))[:1], AT)
    return {
        "target_id": str(session.scalars(select(Target.id).limit(1)).one()),
        "quarter": QUARTER,
        "verdict_id": VERDICT,
        "job_id": WORK,
        "round_code:round_contests": "cuoc-thi",
        "part:round_setup": "general",
        "number:round_windows": "1",
        "number:round_calendar": "2026",
        "round_code": QUARTER,
        "slug": "khoa-thu",
        "lesson": "bai-mot",
        "item": "CB1-1-001",
        "code:manage_reviews": "CB1-1-001",
        "code:manage_pairs": "CB1-1-001",
        "number:manage_reviews": "1",
        "sha256": SHA,
        "sha256:media": PICTURE,
        "essay_id": str(essay),
        "round_code:essays": ESSAY_QUARTER,
        "code:question_editor": "CB1-1-001",
        "kind:question_editor": "single_choice",
        "statement_id": statement_id,
        "entry_id": "900",
        "credential_key": "he-thong-ngoai",
        "target_name": "kho-ngoai",
        "receiver": "ioc",
        "receiver:publishing.remove": "ioc-cu",
        "audit_entry_id": str(entry),
        "group_code": "N2",
        "action": "up",
        "kind": "rename",
        "number:manage_forms": "1",
        "slot:manage_forms": "1",
        "kind:audit": "csv",
    }


def make_things(session: Session, at: Neighbour) -> dict[str, str]:
    """One object for each argument that names a person's or an agency's."""
    person, people = at.people["colleague"], at.people
    posts = {
        f"posting_id:accounts.{what}": Posting(
            id=uuid7(),
            person_id=who,
            agency_id=at.part,
            group_code="N2",
            nature="concurrent",
            is_primary=False,
            valid_from=date(2021, 1, 1),
        )
        for what, who in (("end_post", person), ("make_primary", people["twin"]))
    }
    # Each address that takes a role away has one of its own to take.
    grants = {
        key: RoleGrant(id=uuid7(), person_id=people["granted"], role=role.value, agency_id=at.agency, valid_from=TODAY - timedelta(days=9))
        for key, role in (
            ("grant_id", Role.HEAD),
            ("grant_id:accounts.confirm_role", Role.FOCAL_POINT),
            ("grant_id:accounts.revoke_reviewed_role", Role.AUTHOR),
        )
    }
    grants["grant_id:accounts.revoke_role"] = RoleGrant(
        id=uuid7(), person_id=person, role=Role.HEAD.value, agency_id=at.agency, valid_from=TODAY - timedelta(days=9)
    )
    grants["grant_id:accounts.withdraw_delegation"] = RoleGrant(
        id=uuid7(),
        person_id=people["substitute"],
        role=Role.HEAD.value,
        agency_id=at.agency,
        valid_from=TODAY,
        valid_to=TODAY + timedelta(days=9),
        delegated_from=at.sitter,
        reason="nghỉ phép",
    )
    leaves = {
        key: Leave(id=uuid7(), person_id=person, reason="sick", valid_from=date(year, 3, 1), valid_to=date(year, 4, 1))
        for key, year in (("leave_id", 2024), ("leave_id:accounts.remove_leave", 2025))
    }
    session.flush()
    main = session.scalars(select(Posting.id).where(Posting.person_id == person)).one()
    session.add_all([*posts.values(), *grants.values(), *leaves.values()])
    session.flush()
    return {
        "agency_id": str(at.agency),
        "part": str(at.part),
        "event_id": str(session.scalars(select(AgencyLink.event_id).where(AgencyLink.successor_id == at.agency).limit(1)).one()),
        "code": at.code,
        "person_id": str(person),
        "person_id:accounts.add_post": str(people["granted"]),
        "person_id:accounts.make_primary": str(people["twin"]),
        "person_id:accounts.second": str(people["substitute"]),
        "other_id": str(people["twin"]),
        "other_id:accounts.mark_apart": str(people["granted"]),
        "other_id:accounts.unmark_apart": str(people["granted"]),
        "posting_id": str(main),
        **{key: str(row.id) for key, row in {**posts, **grants, **leaves}.items()},
        **_list_changes(session, at),
        **_transfers(session, at),
        **_data_requests(session, at),
        "attempt_id": str(start_attempt(session, Actor(at.sitter, "", ""), QUARTER, AT).attempt_id),
        **_sittings(session, at),
        **_disputes(session, at),
        **_imports(session, Actor(at.sitter, "", "")),
        **_grants_and_letters(session, at),
    }


def _grants_and_letters(session: Session, at: Neighbour) -> dict[str, str]:
    """More time for somebody, a letter that was refused, and a cross-tab under a name."""
    more = Accommodation(
        id=uuid7(), person_id=at.people["twin"], round_id=None, extra_percent=25, extra_attempts=0, reason="x", granted_at=AT
    )
    letter = Message(id=uuid7(), person_id=at.people["twin"], subject="x", body="x", state="failed", created_at=AT, due_at=AT, ended_at=AT)
    view = CrossTabView(id=uuid7(), owner_id=at.sitter, name="x", arguments={"rows": "level"}, is_shared=False, saved_at=AT)
    session.add_all([more, letter, view])
    session.flush()
    return {"accommodation_id": str(more.id), "message_id": str(letter.id), "view_id": str(view.id)}


def _sittings(session: Session, at: Neighbour) -> dict[str, str]:
    """A room where people sit, an answer that came late, and something odd."""
    attempt = session.scalars(select(Attempt).where(Attempt.person_id == at.sitter)).one()
    room = Supervision(
        id=uuid7(),
        round_id=attempt.round_id,
        agency_id=at.agency,
        place="Phòng 1",
        code=at.code[-6:],
        opened_at=AT,
        valid_until=AT + timedelta(hours=1),
    )
    late = LateArrival(
        id=uuid7(),
        attempt_id=attempt.id,
        digest=at.code,
        source="line",
        state="waiting",
        received_at=AT,
        answers=[],
        evidence={},
        replaced=[],
    )
    odd = Signal(
        id=uuid7(),
        round_id=attempt.round_id,
        kind="fast",
        weight=1.0,
        attempts=[str(attempt.id)],
        figures={"seconds": 2.0, "answered": 30, "right": 30},
        found_at=AT,
    )
    session.add_all([room, late, odd])
    session.flush()
    return {"supervision_id": str(room.id), "arrival_id": str(late.id), "signal_id": str(odd.id)}


def _disputes(session: Session, at: Neighbour) -> dict[str, str]:
    """A marked paper with an appeal on a question, a report about it, and a ruling that somebody proposed on it."""
    who = Actor(at.people["granted"], "", "")
    attempt = start_attempt(session, who, QUARTER, AT).attempt_id
    submit_attempt(session, who, attempt, AT)
    ruled_on = select(Ruling.item_version_id)
    slots = session.execute(
        select(FormSlot.slot, FormSlot.item_version_id)
        .join(Attempt, Attempt.form_id == FormSlot.form_id)
        .where(Attempt.id == attempt, FormSlot.item_version_id.not_in(ruled_on))
        .order_by(FormSlot.slot)
    ).all()
    (slot, version), (_other, free) = slots[0], slots[-1]
    ruling = Ruling(
        item_version_id=version, kind="void", key=[], reason="x", state="proposed", proposed_by=at.people["twin"], proposed_at=AT
    )
    appeal = Appeal(id=uuid7(), attempt_id=attempt, slot=slot, text="x", state="open", filed_at=AT, due_at=AT)
    report = ItemReport(id=uuid7(), attempt_id=attempt, slot=slot, item_version_id=version, kind="key", text="x", state="open", filed_at=AT)
    session.add_all([ruling, appeal, report])
    session.flush()
    return {
        "ruling_id": str(ruling.id),
        "source_id": str(attempt),
        "appeal_id": str(appeal.id),
        "appeal_slot": str(slot),
        "version_id": str(free),
        "version_id:manage_reports": str(version),
    }


def _list_changes(session: Session, at: Neighbour) -> dict[str, str]:
    """A make-up sitting and a proposal about the list of the round."""
    round_id = session.scalars(select(Round.id).where(Round.code == QUARTER)).one()
    again = Span(CLOSES, CLOSES + timedelta(days=1))
    make_up = add_make_up(session, SERVICE, round_id, again, attempts_allowed=1, reason="mưa bão", at=AT)
    asked = {"because": "sick", "evidence": "giấy ra viện", "at": AT}
    proposal = propose_exclusion(session, SERVICE, EVERYWHERE, round_id, at.people["granted"], **asked)
    return {"make_up_id": str(make_up), "proposal_id": str(proposal)}


def _transfers(session: Session, at: Neighbour) -> dict[str, str]:
    """Two that wait for this agency, and one it asked for itself."""
    requests = {
        f"request_id{which}": TransferRequest(
            id=uuid7(),
            person_id=at.people[who],
            kind=Kind.NOT_OURS.value,
            from_agency_id=source,
            to_agency_id=target,
            effective_on=TODAY,
            state=State.PENDING.value,
            requested_at=AT,
        )
        for which, who, source, target in (
            ("", "leaving", at.peer, at.agency),
            (":accounts.refuse_transfer", "refused", at.peer, at.agency),
            (":accounts.withdraw_transfer", "asked", at.agency, at.peer),
        )
    }
    session.add_all(requests.values())
    session.flush()
    return {key: str(request.id) for key, request in requests.items()}


def _data_requests(session: Session, at: Neighbour) -> dict[str, str]:
    def asked(who: UUID, kind: RequestKind) -> UUID:
        return make_request(session, Actor(who, "", ""), who, NewRequest(kind, "lý do"), AT, zone=ZONE)

    granted = {
        "data_request_id:privacy.complete": asked(at.people["copying"], RequestKind.RESTRICTION),
        "data_request_id:privacy.erase": asked(at.people["erased"], RequestKind.ERASURE),
    }
    for request in granted.values():
        answer_request(session, SERVICE, request, grant=True, answer="Đồng ý", at=AT)
    granted["data_request_id:privacy.erasure_preview"] = granted["data_request_id:privacy.erase"]
    own = asked(at.sitter, RequestKind.COPY)
    waiting = asked(at.people["copying"], RequestKind.OBJECTION)
    return {"own_request_id": str(own), "data_request_id": str(waiting), **{key: str(request) for key, request in granted.items()}}


def _imports(session: Session, actor: Actor) -> dict[str, str]:
    runs = {
        kind: record_check(
            session,
            actor,
            vault_of(session),
            kind=kind,
            file_name="ds.csv",
            content="Họ và tên;Mã cán bộ\n".encode(),
            checked=Checked(counts={}, rows=0, fingerprint="", findings=[Finding(sheet="ds", row=1, message="")]),
            options={"as_of": "2026-11-01"},
            at=AT,
        )
        for kind in ("agencies", "roster", "questions")
    }
    return {f"run_id:{kind}": str(run) for kind, run in runs.items()}


def publish_results(session: Session) -> None:
    activity = activity_of_period(session, "20264")
    assert activity is not None
    report = build_report(session, SERVICE, activity, AT)
    open_consultation(session, SERVICE, report, 1, zone=ZONE, at=AT - timedelta(days=9))
    publish_report(session, SERVICE, activity.period, AT)
    verdict = {"verdict": "object", "text": "Sai", "said_as": "head", "said_at": AT}
    agency = session.scalars(select(ReportAgency.agency_id).where(ReportAgency.report_id == report).order_by(ReportAgency.ordinal)).first()
    someone = session.scalars(select(Person.id).order_by(Person.id)).first()
    session.execute(insert(AgencyVerdict).values(id=UUID(VERDICT), report_id=report, agency_id=agency, said_by=someone, **verdict))
    work = {"kind": "reports.freeze", "payload": {"report": str(report)}, "state": "done", "created_at": AT, "run_after": AT}
    session.execute(insert(Job).values(id=UUID(WORK), tries=1, progress_done=1, progress_total=1, **work))


REPORT_POSTS = {
    "report_life.answer": {"answer": "Đã có trong miễn, hoãn", "paper": "CV 12/SNV"},
    "report_life.plan": {"days": "3"},
    "report_life.withdraw": {"reason": "Nhầm danh sách"},
}


DISPUTED = {
    "appeals.file": {"slot": "0", "text": "Xin xem lại"},
    "item_reports.send": {"slot": "1", "kind": "key"},
    "manage_rulings.propose": {"kind": "void", "reason": "Trùng câu"},
    "manage_rulings.refuse": {"note": "Câu đúng"},
    "manage_rulings.withdraw": {"reason": "Nhầm"},
    "manage_appeals.points": {"answer": "Được nửa điểm"},
    "manage_appeals.reject": {"answer": "Giữ nguyên"},
    "manage_appeals.by_ruling": {},
    "manage_reports.answer": {"answer": "Đã sửa"},
}


def body_of(endpoint: str, things: Mapping[str, str]) -> dict[str, Any]:
    """What somebody fills in where a post needs more than its address; arguments of the test client."""
    if endpoint == "attempts.save":
        return {"json": {"takeover": 1, "responses": [{"slot": 1, "sequence": 1, "answer": []}]}}
    if endpoint == "attempts.takeover":
        return {"json": {}}
    if endpoint in DISPUTED:
        disputed = {"ruling": things.get("ruling_id", NOBODYS), f"points.{things.get('appeal_slot', '')}": "0,5"}
        return {"data": {**DISPUTED[endpoint], **disputed}}
    if endpoint in REPORT_POSTS:
        return {"data": REPORT_POSTS[endpoint]}
    part = things.get("part", "")
    post = {"agency": part, "group": "N2", "it_duty": "none", "since": "01/02/2020"}
    filled: dict[str, dict[str, str]] = {
        "accounts.approve_transfer": {},
        "accounts.add_post": {**post, "since": "01/06/2026"},
        "accounts.correct_leave": {"reason": "sick", "since": "02/03/2024", "until": "31/03/2024"},
        "accounts.correct_post": {**post, "nature": "regular", "absence": ""},
        "accounts.end_post": {"on": "01/11/2026"},
        "accounts.grant_role": {"role": "focal_point", "agency": part},
        "accounts.make_primary": {"on": "01/11/2026"},
        "accounts.merge": {"keep": things.get("person_id", "")},
        "accounts.not_ours": {"on": "22/11/2026"},
        "accounts.record_leave": {"reason": "sick", "since": "01/05/2026", "until": "02/05/2026"},
        "accounts.refuse_transfer": {"reason": "không phải"},
        "accounts.rename_group": {"name_vi": "Nhóm hai", "name_en": "Group two"},
        "accounts.save_person": {"full_name": "Lê Thị Mới", "sex": "", "qualification": ""},
        "accounts.second": {**post, "since": "22/11/2026", "until": "30/11/2026", "counted": "home"},
        "agencies.submit_change": {"step": "find"},
        "agencies.submit_correction": {"step": "find"},
        "essays.mark": {"turn": "first", "points-a": "5"},
        "invigilation.open_": {"round": QUARTER, "agency": things.get("agency_id", ""), "place": "Phòng 2"},
        "late.decide": {"decision": "refuse", "reason": "không có căn cứ"},
        "privacy.answer": {"answer": "Đã xem xét", "decision": "refuse"},
        "publishing.keep_addresses": {"address": "vanthu@tinh.gov.vn"},
        "privacy.ask_erasure": {"reason": "hết mục đích"},
    }
    return {"data": filled.get(endpoint, {})}


def arguments_of(rule: Rule, things: Mapping[str, str]) -> dict[str, Any]:
    """What an address is built with. An argument nobody has a value for is somebody's who does not exist."""
    values: dict[str, Any] = {}
    for name in rule.arguments:
        key = name
        if name == "code" and rule.endpoint.startswith("manage_questions"):
            key = "item"
        elif name == "run_id":
            key = "run_id:agencies" if rule.endpoint.startswith("agencies") else "run_id:roster"
            key = "run_id:questions" if rule.endpoint.startswith("manage_interchange") else key
        for narrower in (f"{name}:{rule.endpoint.partition('.')[0]}", f"{name}:{rule.endpoint}"):
            key = narrower if narrower in things else key
        value = things.get(key, NOBODYS if name.endswith("_id") else None)
        assert value is not None, f"{rule.rule} has an argument this test has no value for: {name}"
        values[name] = int(value) if name == "entry_id" else value
    return values
