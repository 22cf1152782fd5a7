"""In what share of its people an agency of an earlier day lives on in which agencies."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from lms.accounts.models import Posting
from lms.accounts.queries.lineage import people_lineage
from lms.agencies import operations
from lms.agencies.rules.events import Change, Merger
from lms.kit.actors import EVERYWHERE, SERVICE
from lms.kit.db import Database
from lms.kit.following import Followers
from tests.factories import make_agency, make_person

THEN, JULY, NOW = date(2024, 6, 1), date(2025, 7, 1), date(2026, 1, 5)
AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def moved(session: Session, person: UUID, agency: UUID | None) -> None:
    """Ends the person's post in July, for another one or none."""
    session.execute(update(Posting).where(Posting.person_id == person).values(valid_to=JULY))
    if agency is not None:
        session.add(Posting(person_id=person, agency_id=agency, group_code="N2", valid_from=JULY))
    session.flush()


def test_people_are_counted_where_they_are_now(database: Database) -> None:
    with database.transaction() as session:
        session.info["followers"] = Followers()  # people are moved by hand here
        root = make_agency(session, "Tỉnh")
        old = make_agency(session, "Sở Thông tin và Truyền thông", parent=root)
        room = make_agency(session, "Phòng Bưu chính", parent=old)
        heir = make_agency(session, "Sở Khoa học và Công nghệ", parent=root)
        heir_room = make_agency(session, "Phòng Chuyển đổi số", parent=heir)
        other = make_agency(session, "Sở Nội vụ", parent=root)
        other_room = make_agency(session, "Phòng Cán bộ", parent=other)
        people = [make_person(session, agency=one, login=f"nguoi{number}") for number, one in enumerate((old, old, room, room, room))]
        make_person(session, agency=heir, login="khac")
        operations.record_change(session, SERVICE, Change(JULY, Merger(agencies=(old,), into=heir)), AT)
        for person, agency in zip(people, (heir, heir_room, heir_room, other_room, None), strict=True):
            moved(session, person, agency)
        lineage = people_lineage(session, old, THEN, NOW, EVERYWHERE)
        assert (lineage.people, lineage.left) == (5, 1)
        assert [(one.agency_id, one.people, one.share, one.declared, one.is_heir) for one in lineage.heirs] == [
            (heir, 3, 0.6, 1.0, True),
            (other, 1, 0.2, None, False),
        ]
        outside = people_lineage(session, old, THEN, NOW, frozenset((other,)))
        assert (outside.people, outside.left) == (0, 0)
        assert people_lineage(session, old, THEN, THEN, EVERYWHERE).heirs[0].agency_id == old


def test_where_people_went_beyond_the_scope_is_one_number(database: Database) -> None:
    with database.transaction() as session:
        root = make_agency(session, "Tỉnh")
        old = make_agency(session, "Sở Nội vụ", parent=root)
        room = make_agency(session, "Phòng Cán bộ", parent=old)
        others = [make_agency(session, name, parent=root) for name in ("Sở Y tế", "Sở Tư pháp")]
        people = [make_person(session, agency=old, login=f"nguoi{number}") for number in range(4)]
        for person, agency in zip(people, (old, room, *others), strict=True):
            moved(session, person, agency)
        lineage = people_lineage(session, old, THEN, NOW, frozenset((old,)))
        assert (lineage.people, lineage.left, lineage.elsewhere) == (4, 0, 2)
        assert [(one.agency_id, one.people) for one in lineage.heirs] == [(old, 2)]
        assert people_lineage(session, old, THEN, NOW, EVERYWHERE).elsewhere == 0
