"""Demonstration data of the bank: what an author has written beside the courses' questions, on its way through review."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person
from lms.feature import DemoProvince
from lms.kit.actors import Actor
from lms.kit.clock import local_date
from lms.kit.unit import transaction
from quizzes.models import Item, ItemVersion
from quizzes.operations import review
from quizzes.operations.bank import save_draft
from quizzes.operations.pairs import relate_items
from quizzes.operations.tagging import add_tags
from quizzes.queries.items import draft_of
from quizzes.queries.pairs import ENEMY
from quizzes.rules.bank import ItemDraft, ItemState

AUTHOR, REVIEWER = "soanthao", "quantri"
WRITTEN = (
    (
        "CB1.1",
        "TH",
        "Một xã quét toàn bộ hồ sơ giấy thành tệp ảnh và lưu trên máy chủ, quy trình giải quyết giữ nguyên. Việc này là gì?",
        "Số hóa tài liệu",
        ("Chuyển đổi số quy trình", "Xây dựng dữ liệu mở", "Cung cấp dịch vụ công toàn trình"),
        "Chỉ đổi dạng của tài liệu từ giấy sang số, cách làm việc chưa đổi.",
    ),
    (
        "CB1.3",
        "NB",
        "Dữ liệu mở của cơ quan nhà nước là dữ liệu thế nào?",
        "Được công bố để mọi người tự do sử dụng lại",
        ("Chỉ chia sẻ giữa các cơ quan", "Chỉ người trong cơ quan xem được", "Phải trả phí mới tải được"),
        "Dữ liệu mở được cơ quan nhà nước công bố rộng rãi cho tổ chức, cá nhân sử dụng, tái sử dụng, chia sẻ.",
    ),
    (
        "CB1.6",
        "VD",
        "Ông/bà nhận cuộc gọi tự xưng là kỹ thuật viên, xin mã xác thực dùng một lần để sửa tài khoản. Làm gì trước tiên?",
        "Không đọc mã, ngắt máy và báo đầu mối an toàn thông tin",
        ("Đọc mã để kịp sửa tài khoản", "Xin số điện thoại rồi gọi lại đọc mã", "Nhờ đồng nghiệp đọc mã của họ"),
        "Mã xác thực dùng một lần không cung cấp cho bất kỳ ai, kể cả người tự xưng là cán bộ kỹ thuật.",
    ),
    (
        "CB1.5",
        "NB",
        "Theo kế hoạch năm của tỉnh trong dữ liệu trình diễn, chỉ tiêu bồi dưỡng được tổng hợp theo kỳ nào?",
        "Hằng quý",
        ("Hằng tuần", "Hai năm một lần", "Chỉ khi có yêu cầu"),
        "Kế hoạch trình diễn giao tổng hợp chỉ tiêu theo quý; hết năm kế hoạch thì câu này hết hiệu lực.",
    ),
)


def add_drafts(province: DemoProvince) -> None:
    """Drafts, versions in review, one sent back, one that will soon end, with tags and a pair of enemies."""
    at = province.at
    with transaction() as session:
        author, reviewer = _actor(session, AUTHOR), _actor(session, REVIEWER)
        if author is None or reviewer is None:
            return
        codes = list(
            session.scalars(
                select(Item.code)
                .join(ItemVersion, ItemVersion.item_id == Item.id)
                .where(ItemVersion.state == ItemState.APPROVED, ItemVersion.kind == "single_choice")
                .order_by(Item.code)
                .limit(8)
            )
        )
        if len(codes) < 4:
            return
        _new_items(session, author, reviewer, at, local_date(at, province.zone) + timedelta(days=40))
        _new_version(session, author, codes[0], at)
        _near_duplicate(session, author, codes[1], at)
        relate_items(session, author, (codes[2], codes[3]), ENEMY, at, reason="Câu trước gợi ý đáp án của câu sau")
        items = session.scalars(select(Item.id).where(Item.code.in_(codes)))
        add_tags(
            session, {item: ("quý iv", "văn bản pháp luật") if place % 2 else ("văn bản pháp luật",) for place, item in enumerate(items)}
        )
    click.echo("question bank: drafts and reviews")


def _actor(session: Session, login: str) -> Actor | None:
    row = session.execute(
        select(Account.person_id, Person.full_name).join(Person, Person.id == Account.person_id).where(Account.login_name == login)
    ).one_or_none()
    return Actor(row.person_id, row.full_name, login) if row else None


def _new_items(session: Session, author: Actor, reviewer: Actor, at: datetime, ends: date) -> None:
    """A draft, one that waits, one that came back, one in use that ends soon."""
    drafts = [_item(written) for written in WRITTEN]
    drafts[-1] = replace(drafts[-1], valid_to=ends)
    _kept, waiting, returned, ending = [save_draft(session, author, draft, at - timedelta(days=10)) for draft in drafts]
    review.submit_for_review(session, author, waiting.code, 1, at - timedelta(days=2))
    review.submit_for_review(session, author, returned.code, 1, at - timedelta(days=6))
    said = "Phương án c và d gần như một ý; ghi rõ căn cứ ở lời giải thích."
    review.send_back(session, reviewer, returned.code, 1, at - timedelta(days=1), remarks=said)
    review.submit_for_review(session, author, ending.code, 1, at - timedelta(days=9))
    review.approve(session, reviewer, ending.code, 1, at - timedelta(days=8))


def _new_version(session: Session, author: Actor, code: str, at: datetime) -> None:
    draft, number = draft_of(session, code)
    changed = replace(draft, explanation=f"{draft.explanation} Đối chiếu lại khi văn bản được sửa đổi.")
    saved = save_draft(session, author, changed, at - timedelta(days=1), base=number, change_note="Bổ sung lời giải thích")
    review.submit_for_review(session, author, code, saved.number, at - timedelta(hours=5))


def _near_duplicate(session: Session, author: Actor, code: str, at: datetime) -> None:
    draft, _number = draft_of(session, code)
    save_draft(session, author, replace(draft, code="", stem=f"Theo quy định hiện hành: {draft.stem}", tags=()), at)


def _item(written: tuple[str, str, str, str, tuple[str, ...], str]) -> ItemDraft:
    topic, level, stem, right, others, explanation = written
    options = [{"id": one, "text": text} for one, text in zip("abcd", (right, *others), strict=True)]
    whys = {"a": explanation} | dict.fromkeys("bcd", "Không đúng: xem lời giải thích của câu.")
    return ItemDraft(
        code="",
        topic=topic,
        kind="single_choice",
        level=level,
        stem=stem,
        body={"options": options},
        key=["a"],
        explanation=explanation,
        whys=whys,
        tags=("trình diễn",),
    )
