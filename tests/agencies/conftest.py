"""What the tests of agencies share."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyClosure, AgencyVersion
from lms.agencies.rules.closure import ParentSpan, by_agency
from lms.agencies.rules.closure import closure as closure_of
from lms.kit.db import Database
from tests.factories import make_agency

AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
DAY = date(2026, 1, 5)


@pytest.fixture
def province(database: Database) -> dict[str, UUID]:
    """A small province: two departments, one with two divisions, and a commune with a school."""
    with database.transaction() as session:
        root = make_agency(session, "Ủy ban nhân dân tỉnh", code="H55", kind="province")
        health = make_agency(session, "Sở Y tế", parent=root, code="H55.1")
        office = make_agency(session, "Văn phòng Sở Y tế", parent=health, code="H55.1.1", kind="division")
        clinic = make_agency(session, "Bệnh viện Đa khoa", parent=health, code="H55.1.2", kind="service_unit", block="su_nghiep")
        science = make_agency(session, "Sở Khoa học và Công nghệ", parent=root, code="H55.2")
        commune = make_agency(session, "Xã Đông Ngũ", parent=root, code="H55.30", kind="commune", block="xa_phuong", level="xa")
        school = make_agency(session, "Trường Tiểu học Đông Ngũ", parent=commune, code="H55.30.1", kind="school", level="xa")
    return {
        "root": root,
        "health": health,
        "office": office,
        "clinic": clinic,
        "science": science,
        "commune": commune,
        "school": school,
    }


def assert_closure_true(session: Session) -> None:
    """The stored closure is exactly what the believed versions say."""
    spans = by_agency(
        ParentSpan(*row)
        for row in session.execute(
            select(AgencyVersion.agency_id, AgencyVersion.parent_id, AgencyVersion.valid_from, AgencyVersion.valid_to).where(
                AgencyVersion.superseded_at.is_(None)
            )
        )
    )
    expected = {(row.ancestor, row.descendant, row.valid_from, row.valid_to, row.depth) for row in closure_of(spans)}
    stored = {
        (row.ancestor_id, row.descendant_id, row.valid_from, row.valid_to, row.depth) for row in session.scalars(select(AgencyClosure))
    }
    assert stored == expected
