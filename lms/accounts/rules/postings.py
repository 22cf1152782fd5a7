"""The posts a person holds over time: several at once, one of them primary on any day. Everything here is decided on plain values:
a list of posts goes in, the list as it should be comes out; what stays keeps its identity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from lms.agencies.rules.closure import FOREVER
from lms.kit.errors import N_, Conflict, DomainError


class Nature(StrEnum):
    """How a post is held: as the regular one, beside another (kiêm nhiệm), or lent by another agency (biệt phái)."""

    REGULAR = "regular"
    CONCURRENT = "concurrent"
    SECONDMENT = "secondment"


NATURE_NAMES: Mapping[Nature, str] = {
    Nature.REGULAR: N_("Vị trí chính thức"),
    Nature.CONCURRENT: N_("Kiêm nhiệm"),
    Nature.SECONDMENT: N_("Biệt phái"),
}


@dataclass(frozen=True, slots=True)
class Post:
    """One post over [valid_from, valid_to). `id` None: not stored yet."""

    id: UUID | None
    agency_id: UUID
    group_code: str
    valid_from: date
    valid_to: date = FOREVER
    is_primary: bool = False
    job_title: str | None = None
    it_duty: str = "none"
    absence: str | None = None
    nature: str = Nature.REGULAR.value
    decision: str | None = None

    def holds(self, day: date) -> bool:
        return self.valid_from <= day < self.valid_to

    def told(self) -> dict[str, Any]:
        """For the audit: plain values without what is not set."""
        values = {**asdict(self), "id": None, "agency_id": str(self.agency_id), "valid_from": self.valid_from.isoformat()}
        values["valid_to"] = None if self.valid_to == FOREVER else self.valid_to.isoformat()
        return {key: value for key, value in values.items() if value is not None}


Posts = Sequence[Post]


def with_post(posts: Posts, post: Post) -> list[Post]:
    """One post more. A primary one takes the place of what was primary on its days; those posts go on beside it.
    Raises Conflict where the same agency's post already covers some of the days."""
    _check_span(post.valid_from, post.valid_to)
    for held in posts:
        if held.agency_id == post.agency_id and _overlap(held, post):
            raise Conflict(
                N_("Người này đã giữ một vị trí ở cơ quan này từ ngày %(day)s. Sửa vị trí đó, hoặc kết thúc nó trước."),
                code="post_held",
                field="agency",
                day=f"{held.valid_from:%d/%m/%Y}",
            )
    rest = list(posts)
    if post.is_primary:
        rest = _stepped_back(rest, post.valid_from, post.valid_to)
    return ordered([*rest, post])


def ended(posts: Posts, post: Post, on: date) -> list[Post]:
    """The post lasts until the day before `on`. Raises DomainError for a day on which it is not held; Conflict where it was primary and
    another post goes on: that one must be made primary first, else the person would be counted nowhere unawares."""
    if not post.valid_from < on < post.valid_to:
        message = N_("Ngày kết thúc phải sau ngày %(first)s.")
        if post.valid_to != FOREVER:
            message = N_("Ngày kết thúc phải sau ngày %(first)s và trước ngày %(last)s.")
        raise DomainError(message, code="not_held", field="on", first=f"{post.valid_from:%d/%m/%Y}", last=f"{post.valid_to:%d/%m/%Y}")
    if post.is_primary and any(other is not post and other.holds(on) for other in posts):
        raise Conflict(
            N_("Đây là vị trí chính, mà người này còn giữ vị trí khác. Đổi vị trí chính sang vị trí kia trước, rồi kết thúc vị trí này."),
            code="primary_first",
            field="on",
        )
    return ordered([replace(each, valid_to=on) if each is post else each for each in posts])


def made_primary(posts: Posts, post: Post, on: date) -> list[Post]:
    """From day `on` to its end the post is the primary one; what was primary until then goes on beside it. Raises DomainError for a
    day on which it is not held."""
    if not post.holds(on):
        raise DomainError(N_("Người này không giữ vị trí ấy vào ngày %(day)s."), code="not_held", field="on", day=f"{on:%d/%m/%Y}")
    rest = _stepped_back([each for each in posts if each is not post], on, post.valid_to)
    if post.valid_from < on and not post.is_primary:
        return ordered([*rest, replace(post, valid_to=on), replace(post, id=None, valid_from=on, is_primary=True)])
    return ordered([*rest, replace(post, is_primary=True)])


def corrected(posts: Posts, post: Post, changes: Mapping[str, Any]) -> list[Post]:
    """A post as it really was: days, group, title, duty, nature, decision. Raises Conflict where another primary post would cover a day of
    a primary one, or the same agency's post would cover it twice."""
    changed = replace(post, **changes)
    _check_span(changed.valid_from, changed.valid_to)
    result = ordered([changed if each is post else each for each in posts])
    for other in result:
        if other is changed or not _overlap(other, changed):
            continue
        first = max(other.valid_from, changed.valid_from)
        if other.is_primary and changed.is_primary:
            raise Conflict(
                N_("Ngày %(day)s đã có một vị trí chính khác. Sửa ngày của vị trí kia trước, hoặc chọn ngày khác."),
                code="two_primary",
                field="valid_from",
                day=f"{first:%d/%m/%Y}",
            )
        if other.agency_id == changed.agency_id:
            raise Conflict(
                N_("Ngày %(day)s đã có một vị trí khác ở cùng cơ quan. Sửa ngày của vị trí kia trước, hoặc chọn ngày khác."),
                code="post_held",
                field="valid_from",
                day=f"{first:%d/%m/%Y}",
            )
    return result


def moved(posts: Posts, agency_id: UUID, on: date, decision: str | None = None) -> list[Post]:
    """From day `on` the primary post lies in another agency, with group, title and duty as they were; where the person holds none, as in
    the last one. Posts beside it go on, but one already held in the new agency gives way. Raises Conflict where a later primary post is
    entered, DomainError for one who never held any."""
    primary = [each for each in posts if each.is_primary]
    if not primary:
        raise DomainError(N_("Người này chưa từng có vị trí công tác; hãy thêm vị trí cho họ."), code="no_posting", field="on")
    later = min((each.valid_from for each in primary if each.valid_from > on), default=None)
    if later is not None:
        raise Conflict(
            N_("Đã có vị trí công tác bắt đầu ngày %(day)s, sau ngày này. Chọn ngày muộn hơn."),
            code="later_posting",
            field="on",
            day=f"{later:%d/%m/%Y}",
        )
    last = max(primary, key=lambda each: each.valid_from)
    rest = [cut for each in posts for cut in (_until(each, on) if each.is_primary or each.agency_id == agency_id else [each])]
    fresh = Post(None, agency_id, last.group_code, on, is_primary=True, job_title=last.job_title, it_duty=last.it_duty, decision=decision)
    return ordered([*rest, fresh])


def left(posts: Posts, on: date) -> list[Post]:
    """From day `on` the person holds no post at all."""
    return ordered([cut for each in posts for cut in _until(each, on)])


def joined(kept: Posts, absorbed: Posts) -> list[Post]:
    """The posts of one person out of two records: those of the kept record stand; from the absorbed come the days on which the kept one
    held no post in that agency, and they are primary where the kept one had no primary post. What is alike and touches is one post."""
    result = list(kept)
    for post in absorbed:
        free = [post]
        for held in kept:
            if held.agency_id == post.agency_id:
                free = [piece for each in free for piece in _outside(each, held.valid_from, held.valid_to)]
        for piece in free:
            parts = [piece]
            if piece.is_primary:
                for held in kept:
                    if held.is_primary:
                        parts = [cut for each in parts for cut in _stepped_back([each], held.valid_from, held.valid_to)]
            result += parts
    return _seamless(result)


def two_primary_on(posts: Iterable[Post]) -> date | None:
    """The first day on which two posts would be primary; None: as it must be."""
    last: Post | None = None
    for post in sorted((each for each in posts if each.is_primary), key=lambda each: each.valid_from):
        if last is not None and post.valid_from < last.valid_to:
            return post.valid_from
        last = post
    return None


def ordered(posts: Iterable[Post]) -> list[Post]:
    return sorted(posts, key=lambda each: (each.valid_from, not each.is_primary, each.valid_to, str(each.agency_id)))


def _check_span(valid_from: date, valid_to: date) -> None:
    if not valid_from < valid_to:
        raise DomainError(N_("Ngày kết thúc phải sau ngày bắt đầu."), code="empty_span", field="valid_to")


def _overlap(one: Post, other: Post) -> bool:
    return one.valid_from < other.valid_to and other.valid_from < one.valid_to


def _until(post: Post, on: date) -> list[Post]:
    if post.valid_from >= on:
        return []
    return [replace(post, valid_to=min(post.valid_to, on))]


def _outside(post: Post, valid_from: date, valid_to: date) -> list[Post]:
    """What remains of a post without the days of a span; the first piece keeps its identity."""
    if post.valid_to <= valid_from or valid_to <= post.valid_from:
        return [post]
    pieces = []
    if post.valid_from < valid_from:
        pieces.append(replace(post, valid_to=valid_from))
    if valid_to < post.valid_to:
        pieces.append(replace(post, id=None if pieces else post.id, valid_from=valid_to))
    return pieces


def _stepped_back(posts: Iterable[Post], valid_from: date, valid_to: date) -> list[Post]:
    """The posts with none primary in a span of days: a primary one that reaches into it is parted."""
    result: list[Post] = []
    for post in posts:
        if not post.is_primary or post.valid_to <= valid_from or valid_to <= post.valid_from:
            result.append(post)
            continue
        outside = _outside(post, valid_from, valid_to)
        aside = replace(
            post,
            id=None if outside else post.id,
            is_primary=False,
            valid_from=max(post.valid_from, valid_from),
            valid_to=min(post.valid_to, valid_to),
        )
        result += [*outside, aside]
    return result


def _seamless(posts: Iterable[Post]) -> list[Post]:
    """Posts alike in everything but their days are one where they touch."""
    result: list[Post] = []
    for post in ordered(posts):
        for index, other in enumerate(result):
            if other.valid_to == post.valid_from and replace(other, id=None, valid_to=post.valid_to) == replace(
                post, id=None, valid_from=other.valid_from
            ):
                result[index] = replace(other, id=other.id or post.id, valid_to=post.valid_to)
                break
        else:
            result.append(post)
    return ordered(result)
