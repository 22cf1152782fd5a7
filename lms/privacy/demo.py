"""The demonstration's people have worked with the service for a while: they know the notice."""

from __future__ import annotations

from sqlalchemy import select

from lms.accounts.models import Account
from lms.feature import DemoProvince
from lms.kit.unit import transaction
from lms.privacy.notice import VERSION
from lms.privacy.operations.notices import note_all_read


def read_notices(world: DemoProvince) -> None:
    with transaction() as session:
        note_all_read(session, session.scalars(select(Account.person_id)).all(), VERSION, world.at)
