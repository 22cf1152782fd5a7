"""Where something changes, its entry says what was before and what is after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from lms.accounts import operations as accounts
from lms.accounts.models import Account
from lms.audit.rules import as_table
from lms.kit.actors import SERVICE
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.lrs.operations import add_credential, revoke_credential
from lms.reports.operations import build_report, publish_report
from lms.results.queries import activity_of_period
from quizzes.operations.life import close_round, open_round
from tests.factories import make_agency, make_person
from tests.quizzes.making import AT, ZONE, fill_bank, make_round


def changes(database: Database, *actions: str) -> list[tuple[str, dict[str, tuple[Any, Any]]]]:
    """(action, field → (before, after)) of the entries of these actions, in their order."""
    with database.reading() as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.details).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id))
        return [(action, {field: (before, after) for field, before, after in as_table(details)[0]}) for action, details in rows]


def test_a_round_from_its_making_to_its_close(database: Database) -> None:
    with database.transaction() as session:
        make_person(session, agency=make_agency(session, "Sở Nội vụ", code="H55"))
        fill_bank(session)
        round_id = make_round(session, open_it=False)
        open_round(session, SERVICE, round_id, zone=ZONE, at=AT)
        close_round(session, SERVICE, round_id, AT)
    made, opened, closed = (
        changed for _action, changed in changes(database, "quizzes.create_round", "quizzes.open_round", "quizzes.close_round")
    )
    assert made["round_state"] == (None, "draft")
    assert made["cutoff_day"] == (None, "2026-10-31")
    assert made["pass_mark"] == (None, "50")
    assert opened == {"round_state": ("draft", "open")}
    assert closed == {"round_state": ("open", "closed")}


def test_what_the_public_reads_by_the_number_of_its_revision(database: Database) -> None:
    with database.transaction() as session:
        make_person(session, agency=make_agency(session, "Sở Nội vụ", code="H55"))
        fill_bank(session)
        make_round(session)
        activity = activity_of_period(session, "20264")
        assert activity is not None
        for _time in range(2):
            build_report(session, SERVICE, activity, AT)
            publish_report(session, SERVICE, activity.period, AT)
    told = [changed["revision"] for _action, changed in changes(database, "reports.build_report", "reports.publish_report")]
    assert told == [(None, 1), (None, 1), (1, 2), (1, 2)]


def test_keys_to_the_record_store(database: Database) -> None:
    with database.transaction() as session:
        key = add_credential(session, SERVICE, "Kho tỉnh", ["all"], AT).key
        revoke_credential(session, SERVICE, key, AT)
    (_, added), (_, revoked) = changes(database, "lrs.add_credential", "lrs.revoke_credential")
    assert added == {"label": (None, "Kho tỉnh"), "scopes": (None, ["all"]), "in_use": (None, True)}
    assert revoked == {"in_use": (True, False)}


def test_groups_that_are_used_no_more(database: Database) -> None:
    with database.transaction() as session:
        accounts.ensure_position_groups(session)
        accounts.add_group(session, SERVICE, "N9", name_vi="Nhóm chín", name_en="Group nine", at=AT)
        accounts.retire_group(session, SERVICE, "N9", AT)
        accounts.restore_group(session, SERVICE, "N9", AT)
        accounts.delete_group(session, SERVICE, "N9", AT)
    told = [
        changed for _action, changed in changes(database, *(f"accounts.{what}_group" for what in ("add", "retire", "restore", "delete")))
    ]
    names = {"name_vi": "Nhóm chín", "name_en": "Group nine"}
    assert told[0] == {field: (None, name) for field, name in names.items()}
    assert told[1:3] == [{"in_use": (True, False)}, {"in_use": (False, True)}]
    assert told[3] == {field: (name, None) for field, name in names.items()}


def test_a_lock_lifted_and_a_password_taken_away(database: Database) -> None:
    with database.transaction() as session:
        person = make_person(session, agency=make_agency(session, "Sở Nội vụ"), password="ruộng bậc thang")
        locked = AT + timedelta(minutes=9)
        session.execute(update(Account).values(locked_until=locked))
        accounts.unlock(session, SERVICE, person, AT)
        accounts.reset_password(session, SERVICE, person, AT)
    unlocked, reset = (changed for _action, changed in changes(database, "accounts.unlock", "accounts.reset_password"))
    assert unlocked == {"locked_until": (locked.isoformat(), None)}
    assert reset == {"password": (True, False)}
