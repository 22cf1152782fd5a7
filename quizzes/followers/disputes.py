"""Persons in all that hangs on sittings: what was granted to them, what they asked for and were answered, what they decided on others'
papers. `sittings` has the sittings themselves, `bank` the question bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import CursorResult, Select, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from lms.accounts.queries.records import records_of
from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from quizzes.models import (
    Accommodation,
    Appeal,
    Attempt,
    CodeTry,
    EssayMark,
    ItemReport,
    LateArrival,
    LeftOut,
    ListProposal,
    MakeUpPlace,
    Regrade,
    Round,
    Ruling,
    SideAnswer,
    SittingTrace,
    Supervision,
)

Column = InstrumentedAttribute[Any]

# Who decided or acted: of several columns that must differ in a row, those that would become equal stay with the record absorbed.
ACTED: tuple[tuple[Column, Column | None], ...] = (
    (Ruling.proposed_by, Ruling.decided_by),
    (Ruling.decided_by, Ruling.proposed_by),
    (Appeal.proposed_by, Appeal.decided_by),
    (Appeal.decided_by, Appeal.proposed_by),
    (ItemReport.answered_by, None),
    (LateArrival.brought_by, None),
    (LateArrival.decided_by, None),
    (Regrade.recorded_by, None),
    (Supervision.opened_by, None),
    (Accommodation.granted_by, None),
    (Accommodation.ended_by, None),
    (ListProposal.proposed_by, None),
    (ListProposal.decided_by, None),
)
# What is a person's own once in each round: of two the one of the record kept stands.
ONCE: tuple[tuple[Column, Column], ...] = (
    (MakeUpPlace.person_id, MakeUpPlace.round_id),
    (LeftOut.person_id, LeftOut.round_id),
    (SideAnswer.person_id, SideAnswer.round_id),
)
FORGOTTEN = "—"


class DisputesOfPersons:
    """Grants, lists, appeals, reports, late answers, marks that changed, and what one did on the papers of others."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        """What is kept about a person; of what they did as an official, what and when."""
        return [
            PersonalSection(heading, columns, [tuple(map(_plain, row)) for row in session.execute(query)])
            for heading, columns, query in (*_own(person_id), *_official(person_id))
        ]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """All of both. Where only one thing may stand (a place, an accommodation, a code that was tried), that of the record kept does."""
        moved = 0
        for person, round_ in ONCE:
            taken = select(round_).where(person == kept)
            session.execute(delete(person.class_).where(person == absorbed, round_.in_(taken)))
            moved += _give(session, person, kept, person == absorbed)
        moved += self._merge_accommodations(session, kept, absorbed, at)
        moved += self._merge_proposals(session, kept, absorbed)
        session.execute(delete(CodeTry).where(CodeTry.person_id == absorbed))
        for column, other in ACTED:
            mine = column == absorbed if other is None else (column == absorbed) & (other.is_distinct_from(kept))
            moved += _give(session, column, kept, mine)
        marked = select(EssayMark.essay_id).where(EssayMark.marker_id == kept)
        moved += _give(session, EssayMark.marker_id, kept, (EssayMark.marker_id == absorbed) & EssayMark.essay_id.not_in(marked))
        return {"disputes": moved}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """What people wrote may tell who they are, and why something was granted tells of their health: both go. Decisions and figures
        stay, they hold only ids. Devices are told apart no longer."""
        records = records_of(session, person_id)
        attempts = select(Attempt.id).where(Attempt.person_id.in_(records))
        session.execute(update(Appeal).where(Appeal.attempt_id.in_(attempts)).values(text=FORGOTTEN))
        session.execute(update(Appeal).where(Appeal.attempt_id.in_(attempts), Appeal.answer.is_not(None)).values(answer=FORGOTTEN))
        session.execute(update(Regrade).where(Regrade.attempt_id.in_(attempts), Regrade.cause == "appeal").values(reason=FORGOTTEN))
        session.execute(update(ItemReport).where(ItemReport.attempt_id.in_(attempts)).values(text=FORGOTTEN))
        session.execute(update(Accommodation).where(Accommodation.person_id.in_(records)).values(reason=FORGOTTEN, other=None))
        session.execute(update(MakeUpPlace).where(MakeUpPlace.person_id.in_(records)).values(reason=FORGOTTEN))
        session.execute(update(ListProposal).where(ListProposal.person_id.in_(records)).values(evidence=FORGOTTEN))
        session.execute(delete(SittingTrace).where(SittingTrace.attempt_id.in_(attempts)))
        session.execute(delete(CodeTry).where(CodeTry.person_id.in_(records)))
        session.execute(update(Attempt).where(Attempt.person_id.in_(records)).values(device=None, address=None))

    def _merge_accommodations(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> int:
        own = aliased(Accommodation)
        same = own.round_id.is_not_distinct_from(Accommodation.round_id)
        standing = select(own.id).where(own.person_id == kept, own.ended_at.is_(None), same).exists()
        session.execute(
            update(Accommodation)
            .where(Accommodation.person_id == absorbed, Accommodation.ended_at.is_(None), standing)
            .values(ended_at=at)
            .execution_options(synchronize_session=False)
        )
        return _give(session, Accommodation.person_id, kept, Accommodation.person_id == absorbed)

    def _merge_proposals(self, session: Session, kept: UUID, absorbed: UUID) -> int:
        own = aliased(ListProposal)
        pending = select(own.id).where(own.person_id == kept, own.state == "pending", own.round_id == ListProposal.round_id).exists()
        session.execute(
            update(ListProposal)
            .where(ListProposal.person_id == absorbed, ListProposal.state == "pending", pending)
            .values(state="withdrawn")
            .execution_options(synchronize_session=False)
        )
        return _give(session, ListProposal.person_id, kept, ListProposal.person_id == absorbed)


def _plain(value: Any) -> Any:
    """What is kept as a list or an object, as it reads in a cell."""
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else value


def _give(session: Session, column: Column, kept: UUID, mine: Any) -> int:
    statement = update(column.class_).where(mine).values({column.key: kept}).execution_options(synchronize_session=False)
    return cast(CursorResult[Any], session.execute(statement)).rowcount


Section = tuple[str, tuple[str, ...], Any]


def _own(person_id: UUID) -> tuple[Section, ...]:
    own = Attempt.person_id == person_id
    return (
        (
            N_("Điểm đã thay đổi"),
            (N_("Kỳ kiểm tra"), N_("Lượt"), N_("Lúc"), N_("Lý do"), N_("Điểm"), N_("Đạt")),
            _of_attempts(Regrade, Regrade.recorded_at, Regrade.reason, Regrade.score, Regrade.passed).where(own).order_by(Regrade.id),
        ),
        (
            N_("Đơn phúc khảo"),
            (N_("Kỳ kiểm tra"), N_("Lượt"), N_("Gửi lúc"), N_("Nội dung"), N_("Tình trạng"), N_("Trả lời"), N_("Trả lời lúc")),
            _of_attempts(Appeal, Appeal.filed_at, Appeal.text, Appeal.state, Appeal.answer, Appeal.decided_at)
            .where(own)
            .order_by(Appeal.id),
        ),
        (
            N_("Báo lỗi câu hỏi"),
            (N_("Kỳ kiểm tra"), N_("Lượt"), N_("Gửi lúc"), N_("Loại lỗi"), N_("Mô tả"), N_("Trả lời")),
            _of_attempts(ItemReport, ItemReport.filed_at, ItemReport.kind, ItemReport.text, ItemReport.answer)
            .where(own)
            .order_by(ItemReport.id),
        ),
        (
            N_("Câu trả lời đến muộn"),
            (N_("Kỳ kiểm tra"), N_("Lượt"), N_("Nhận lúc"), N_("Tình trạng"), N_("Câu trả lời"), N_("Căn cứ"), N_("Lý do")),
            _of_attempts(
                LateArrival, LateArrival.received_at, LateArrival.state, LateArrival.answers, LateArrival.evidence, LateArrival.reason
            )
            .where(own)
            .order_by(LateArrival.id),
        ),
        (
            N_("Điều kiện riêng khi kiểm tra"),
            (
                N_("Kỳ kiểm tra"),
                N_("Thêm thời gian (%%)"),
                N_("Thêm lượt"),
                N_("Được bắt đầu đến"),
                N_("Hỗ trợ khác"),
                N_("Lý do"),
                N_("Từ"),
                N_("Đến"),
            ),
            select(
                Round.title,
                Accommodation.extra_percent,
                Accommodation.extra_attempts,
                Accommodation.start_until,
                Accommodation.other,
                Accommodation.reason,
                Accommodation.granted_at,
                Accommodation.ended_at,
            )
            .outerjoin(Round, Round.id == Accommodation.round_id)
            .where(Accommodation.person_id == person_id)
            .order_by(Accommodation.id),
        ),
        (
            N_("Danh sách kiểm tra"),
            (N_("Kỳ kiểm tra"), N_("Lý do"), N_("Lúc")),
            select(Round.title, MakeUpPlace.reason, MakeUpPlace.admitted_at)
            .join(Round, Round.id == MakeUpPlace.round_id)
            .where(MakeUpPlace.person_id == person_id)
            .order_by(MakeUpPlace.admitted_at),
        ),
        (
            N_("Không thuộc danh sách kiểm tra"),
            (N_("Kỳ kiểm tra"), N_("Lý do"), N_("Nhóm")),
            select(Round.title, LeftOut.because, LeftOut.group_code)
            .join(Round, Round.id == LeftOut.round_id)
            .where(LeftOut.person_id == person_id)
            .order_by(Round.opens_at),
        ),
        (
            N_("Đề nghị sửa danh sách kiểm tra"),
            (N_("Kỳ kiểm tra"), N_("Lý do"), N_("Căn cứ"), N_("Tình trạng"), N_("Lúc")),
            select(Round.title, ListProposal.because, ListProposal.evidence, ListProposal.state, ListProposal.proposed_at)
            .join(Round, Round.id == ListProposal.round_id)
            .where(ListProposal.person_id == person_id)
            .order_by(ListProposal.id),
        ),
        (
            N_("Trả lời câu hỏi phụ"),
            (N_("Kỳ kiểm tra"), N_("Trả lời"), N_("Lúc")),
            select(Round.title, SideAnswer.answer, SideAnswer.given_at)
            .join(Round, Round.id == SideAnswer.round_id)
            .where(SideAnswer.person_id == person_id)
            .order_by(SideAnswer.given_at),
        ),
        (
            N_("Thiết bị đã mở bài (dấu vân tay có khóa)"),
            (N_("Kỳ kiểm tra"), N_("Lượt"), N_("Thiết bị"), N_("Địa chỉ"), N_("Lúc")),
            _of_attempts(SittingTrace, SittingTrace.device, SittingTrace.address, SittingTrace.seen_at)
            .where(own)
            .order_by(SittingTrace.id),
        ),
    )


def _official(person_id: UUID) -> tuple[Section, ...]:
    return (
        (
            N_("Quyết định về câu hỏi đã đề nghị hoặc duyệt"),
            (N_("Loại"), N_("Lý do"), N_("Tình trạng"), N_("Đề nghị lúc"), N_("Quyết định lúc")),
            select(Ruling.kind, Ruling.reason, Ruling.state, Ruling.proposed_at, Ruling.decided_at)
            .where((Ruling.proposed_by == person_id) | (Ruling.decided_by == person_id))
            .order_by(Ruling.id),
        ),
        (
            N_("Đơn phúc khảo đã giải quyết"),
            (N_("Tình trạng"), N_("Trả lời"), N_("Đề nghị lúc"), N_("Quyết định lúc")),
            select(Appeal.state, Appeal.answer, Appeal.proposed_at, Appeal.decided_at)
            .where((Appeal.proposed_by == person_id) | (Appeal.decided_by == person_id))
            .order_by(Appeal.id),
        ),
        (
            N_("Bài tự luận đã chấm"),
            (N_("Lượt chấm"), N_("Điểm"), N_("Nhận xét"), N_("Lúc")),
            select(EssayMark.place, EssayMark.share, EssayMark.comment, EssayMark.marked_at)
            .where(EssayMark.marker_id == person_id)
            .order_by(EssayMark.marked_at),
        ),
        (
            N_("Phòng thi đã coi"),
            (N_("Địa điểm"), N_("Mở lúc")),
            select(Supervision.place, Supervision.opened_at).where(Supervision.opened_by == person_id).order_by(Supervision.opened_at),
        ),
    )


def _of_attempts(model: Any, *columns: Any) -> Select[Any]:
    return (
        select(Round.title, Attempt.number, *columns)
        .select_from(model)
        .join(Attempt, Attempt.id == model.attempt_id)
        .join(Round, Round.id == Attempt.round_id)
    )


follower = DisputesOfPersons()
