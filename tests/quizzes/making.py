"""A small bank, a round over it and people to sit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import Account
from lms.kit.actors import SERVICE, Actor
from lms.kit.clock import Quarter, now
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.kit.jobs import due_jobs, run_job
from quizzes.interchange.yaml_file import parse
from quizzes.models import Attempt, EssayAnswer, Form, FormSlot, ItemVersion, Response
from quizzes.operations.bank import import_items
from quizzes.operations.life import open_round
from quizzes.operations.rounds import create_round
from quizzes.rules.assembly import Cell
from quizzes.rules.bank import ItemDraft
from quizzes.rules.rounds import RoundSettings
from tests.factories import make_agency, make_person

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OPENS = datetime(2026, 11, 1, tzinfo=UTC)
CLOSES = datetime(2026, 12, 15, tzinfo=UTC)
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
QUARTER = "2026-Q4"
SECRET_WHY = "SECRET-REASON"


EVERY_KIND = """
topic: IT5.1
items:
  - code: K-1
    kind: statement_group
    level: TH
    stem: "Về sao lưu:"
    statements:
      - {id: a, text: "Bản sao để cùng phòng là đủ.", right: false, why: "Cháy là mất cả hai."}
      - {id: b, text: "Cần thử phục hồi.", right: true, why: "Chưa thử là chưa có bản sao."}
    scoring: partial
    explanation: "Quy tắc 3-2-1."
  - code: K-2
    kind: matching
    level: NB
    stem: "Ghép cổng với dịch vụ."
    premises: [{id: p1, text: HTTPS}, {id: p2, text: SSH}]
    options: [{id: a, text: "443"}, {id: b, text: "22"}, {id: c, text: "25"}]
    key: {p1: a, p2: b}
    explanation: "Cổng mặc định."
  - code: K-3
    kind: ordering
    level: VD
    stem: "Xếp các bước xử lý sự cố."
    steps: [{id: x, text: "Báo cáo"}, {id: y, text: "Ngắt mạng"}, {id: z, text: "Khôi phục"}]
    key: [y, x, z]
    explanation: "Cô lập trước."
  - {code: K-4, kind: numeric, level: VD, stem: "Bao nhiêu GB?", key: 12.5, tolerance: 0.5, unit: GB, explanation: "Phép nhân."}
  - {code: K-5, kind: short_answer, level: NB, stem: "Tên luật?", key: ["Luật An ninh mạng"], diacritics: ignored, explanation: "Tên."}
  - code: K-6
    kind: cloze
    level: TH
    stem: "Điền vào chỗ trống."
    text: "Trong {{1}} giờ, báo cho {{2}}."
    gaps:
      - {id: 1, kind: number}
      - {id: 2, kind: list, options: [{id: a, text: "đơn vị chuyên trách"}, {id: b, text: "báo chí"}]}
    key: {1: 24, 2: a}
    explanation: "Theo quy định."
"""


def make_round_of_every_kind(session: Session) -> None:
    """A round whose paper has one question of each kind that is answered in parts or typed."""
    import_items(session, SERVICE, parse(EVERY_KIND.encode()).items, "test", OPENS)
    cells = [Cell("IT5.1", level, 2) for level in ("NB", "TH", "VD")]
    settings = RoundSettings(
        quarter=Quarter.parse(QUARTER),
        title="Kiểm tra Quý IV/2026",
        cutoff_day=date(2026, 10, 31),
        opens_at=OPENS,
        closes_at=CLOSES,
        pass_mark=Decimal(50),
    )
    open_round(session, SERVICE, create_round(session, SERVICE, settings, cells, OPENS), zone=ZONE, at=OPENS)


def draft(number: int, kind: str = "single_choice", level: str = "NB", topic: str = "CB1.1", **changes: Any) -> ItemDraft:
    options = [{"id": letter, "text": f"Phương án {letter} của câu {number}"} for letter in "abcd"]
    by_kind: dict[str, Any] = {
        "single_choice": {"body": {"options": options}, "key": ["b"]},
        "multiple_choice": {"body": {"options": options}, "key": ["a", "c"]},
        "true_false": {"body": {}, "key": ["true"]},
    }[kind]
    values: dict[str, Any] = {
        "code": f"CB1-1-{number:03d}",
        "topic": topic,
        "kind": kind,
        "level": level,
        "stem": f"Câu dẫn số {number} có chữ **không** in đậm?",
        "explanation": f"{SECRET_WHY} {number}",
        "whys": {option["id"]: f"{SECRET_WHY} {number}{option['id']}" for option in by_kind["body"].get("options", [])},
        "lesson": "so-hoa-la-gi",
        **by_kind,
    }
    return ItemDraft(**{**values, **changes})


KINDS_IN_TURN = ("single_choice", "multiple_choice", "true_false")


def fill_bank(session: Session, count: int = 12) -> None:
    import_items(session, SERVICE, [draft(n, KINDS_IN_TURN[n % 3]) for n in range(1, count + 1)], "test", OPENS)


def make_round(session: Session, *, open_it: bool = True, questions: int = 6, **changes: Any) -> UUID:
    """A round over the small bank; everyone in the database with a post is expected."""
    settings = {
        "quarter": Quarter.parse(QUARTER),
        "title": "Kiểm tra Quý IV/2026",
        "legal_basis": "Kế hoạch kiểm tra kỹ năng số",
        "cutoff_day": date(2026, 10, 31),
        "opens_at": OPENS,
        "closes_at": CLOSES,
        "pass_mark": Decimal(50),
        **changes,
    }
    round_id = create_round(session, SERVICE, RoundSettings(**settings), [Cell("CB1.1", "NB", questions)], OPENS)
    if open_it:
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
    return round_id


ESSAY_QUARTER = "2026-Q2"


def make_waiting_essay(session: Session, writer: UUID) -> UUID:
    """An essay somebody has handed in, in a round of its own, waiting for whoever marks it first; its id."""
    settings = RoundSettings(
        quarter=Quarter.parse(ESSAY_QUARTER), title="Bài viết", cutoff_day=date(2026, 4, 1), opens_at=OPENS, closes_at=CLOSES
    )
    round_id = create_round(session, SERVICE, settings, [Cell("CB1.1", "NB", 1)], OPENS)
    body = {"rubric": [{"id": "a", "text": "Đúng ý", "points": 10}]}
    essay = replace(draft(900), kind="essay", body=body, key=[], whys={}, topic="CB9.9")
    import_items(session, SERVICE, [essay], "test", OPENS)
    version = session.scalars(select(ItemVersion.id).where(ItemVersion.kind == "essay")).one()
    form = Form(id=uuid7(), round_id=round_id, number=1)
    attempt = Attempt(
        id=uuid7(),
        round_id=round_id,
        person_id=writer,
        form_id=form.id,
        number=1,
        counts=False,
        seed=1,
        started_at=OPENS,
        deadline=AT,
        accepts_until=AT,
        state="marking",
        submitted_at=AT,
        receipt="26Q2-ESSA-Y000",
    )
    answer = EssayAnswer(id=uuid7(), round_id=round_id, attempt_id=attempt.id, slot=1)
    for rows in (
        [form],
        [FormSlot(form_id=form.id, slot=1, item_version_id=version), attempt],
        [Response(attempt_id=attempt.id, slot=1, answer=["Bài viết"], takeover=1, sequence=1, saved_at=AT), answer],
    ):
        session.add_all(rows)
        session.flush()
    return answer.id


def carry_out(app: Flask) -> None:
    """Do the jobs that are due, as the worker does."""
    database: Database = app.extensions["lms.database"]
    with database.reading() as session:
        due = due_jobs(session, now())
    for job_id in due:
        with app.app_context():
            run_job(database, app.extensions["lms.job_handlers"], job_id)


def make_learners(session: Session, *logins: str) -> list[Actor]:
    agency = make_agency(session, "Sở Nội vụ")
    return [Actor(make_person(session, f"Nguyễn Văn {login}", agency=agency, login=login), login, login) for login in logins]


def person_of(session: Session, login: str) -> UUID:
    return session.scalars(select(Account.person_id).where(Account.login_name == login)).one()


def keys_of(session: Session, form_id: UUID) -> dict[int, list[str]]:
    rows = session.execute(
        select(FormSlot.slot, ItemVersion.key)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(FormSlot.form_id == form_id)
    )
    return {row.slot: row.key for row in rows}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def right_and_wrong(keys: dict[int, list[str]], right: int) -> dict[int, list[str]]:
    """Answers of which the first `right` slots are right and the others wrong."""
    return {slot: key if slot <= right else wrong(key) for slot, key in sorted(keys.items())}


def wrong(key: Sequence[str]) -> list[str]:
    return {"true": ["false"], "b": ["a"], "a": ["a"]}[key[0]]
