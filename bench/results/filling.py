"""A province's ledger of any size, written by PostgreSQL itself: agencies on four levels, people who mostly stay where they are, quarters
with their lists, outcomes, papers and answers. Chance is arithmetic on numbers, so that the same province comes again.

One person in fifty changes agency between two quarters, four in a hundred are excluded, nine in ten of the others took part. Everyone who
took part answered all thirty questions of one of the round's forms; a round has ninety questions of nine topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, text

from lms.accounts.models import PositionGroup
from lms.accounts.rules.groups import STARTING_GROUPS
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.results.models import Activity
from quizzes.models import Blueprint, Item, ItemVersion

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LONG_AGO = datetime(2019, 12, 31, tzinfo=ZONE)
ITEMS, FORMS, TOPICS, QUESTIONS = 90, 20, 9, 30
BLOCKS = "(ARRAY['dang','so-nganh','ubnd','don-vi-su-nghiep','khac'])[1 + n % 5]"


@dataclass(frozen=True, slots=True)
class Term:
    """A quarter: its key in the ledger, when it was counted, and when its papers were in."""

    quarter: Quarter

    @property
    def key(self) -> str:
        return f"quarterly-test:{self.quarter}"

    @property
    def counted_on(self) -> date:
        return self.quarter.first_day

    @property
    def closed_at(self) -> datetime:
        return datetime.combine(self.quarter.last_day, time(17), ZONE)

    @property
    def frozen_at(self) -> datetime:
        return self.closed_at + timedelta(days=1)

    @property
    def published_at(self) -> datetime:
        return self.closed_at + timedelta(days=5)


def terms(last: Quarter, number: int) -> list[Term]:
    """So many quarters up to one, the earliest first."""
    found = [last]
    while len(found) < number:
        found.append(found[-1].previous())
    return [Term(quarter) for quarter in reversed(found)]


def fill(database: Database, *, people: int, agencies: int, quarters: Sequence[Term], papers: bool = True) -> None:
    """An empty PostgreSQL with its schema gets the province. `papers`: with sittings and answers, so that reports have competences."""
    with database.transaction() as session:
        connection = session.connection()
        _tree(connection, agencies)
        _people(connection, people, agencies)
        if papers:
            _bank(connection)
        for number, term in enumerate(quarters):
            _ledger(connection, term, number, papers=papers)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as outside:
        outside.execute(text("VACUUM ANALYZE"))


def _tree(connection: Connection, agencies: int) -> None:
    """One province, a tenth of the agencies right below it, others below these, every seventh of the last one level deeper."""
    departments = max(1, agencies // 10)
    parent = f"CASE WHEN n = 0 THEN NULL WHEN n <= {departments} THEN 0 WHEN n % 7 = 0 THEN n / 2 ELSE 1 + n % {departments} END"
    connection.execute(
        text(
            "CREATE TEMP TABLE bench_agency ON COMMIT DROP AS"
            f" SELECT n, uuidv7() AS id, uuidv7() AS version_id, {parent} AS parent FROM generate_series(0, {agencies - 1}) AS n"
        )
    )
    values = {"at": LONG_AGO, "since": date(2020, 1, 1)}
    connection.execute(text("INSERT INTO agency (id, created_at) SELECT id, :at FROM bench_agency"), values)
    connection.execute(
        text(
            "INSERT INTO agency_version (id, agency_id, name, kind, block, level, parent_id, sort_key, search_text, valid_from, valid_to,"
            " recorded_at) SELECT a.version_id, a.id, CASE WHEN a.n = 0 THEN 'Ủy ban nhân dân tỉnh' ELSE 'Cơ quan số ' || a.n END,"
            f" 'agency', {BLOCKS.replace('n %', 'a.n %')}, CASE WHEN a.n = 0 THEN 'tinh' ELSE 'xa' END, p.id, lpad(a.n::text, 5, '0'), '',"
            " :since, '9999-12-31', :at FROM bench_agency a LEFT JOIN bench_agency p ON p.n = a.parent"
        ),
        values,
    )
    connection.execute(
        text(
            "INSERT INTO agency_code (id, agency_id, scheme, code, valid_from, valid_to, recorded_at)"
            " SELECT uuidv7(), id, 'qd20', CASE WHEN n = 0 THEN 'H55' ELSE 'H55.' || n END, :since, '9999-12-31', :at FROM bench_agency"
        ),
        values,
    )
    connection.execute(
        text(
            "WITH RECURSIVE up AS (SELECT n AS below, n AS above, 0 AS depth FROM bench_agency UNION ALL"
            " SELECT up.below, a.parent, up.depth + 1 FROM up JOIN bench_agency a ON a.n = up.above WHERE a.parent IS NOT NULL)"
            " INSERT INTO agency_closure (ancestor_id, descendant_id, valid_from, valid_to, depth, recorded_at)"
            " SELECT a.id, b.id, :since, '9999-12-31', up.depth, :at FROM up"
            " JOIN bench_agency a ON a.n = up.above JOIN bench_agency b ON b.n = up.below"
        ),
        values,
    )


def _people(connection: Connection, people: int, agencies: int) -> None:
    for group in STARTING_GROUPS:
        names = {"name_vi": group.name_vi, "name_en": group.name_en}
        if not connection.execute(text("SELECT 1 FROM position_group WHERE code = :code"), {"code": group.code}).first():
            connection.execute(insert(PositionGroup).values(code=group.code, ordinal=int(group.code[1:]), **names))
    connection.execute(
        text(
            "CREATE TEMP TABLE bench_person ON COMMIT DROP AS SELECT n, uuidv7() AS id,"
            f" 1 + abs(hashint4(n)::bigint) % {agencies - 1} AS place, 'N' || 1 + n % 5 AS group_code"
            f" FROM generate_series(1, {people}) AS n"
        )
    )
    connection.execute(
        text(
            "INSERT INTO person (id, staff_code, full_name, sort_key, search_text, name_key, it_major, created_at)"
            " SELECT id, 'P' || n, 'Người ' || n, lpad(n::text, 7, '0'), 'nguoi ' || n, 'nguoi ' || n, false, :at FROM bench_person"
        ),
        {"at": LONG_AGO},
    )
    connection.execute(
        text(
            "INSERT INTO posting (id, person_id, agency_id, group_code, it_duty, is_primary, valid_from, valid_to)"
            " SELECT uuidv7(), p.id, a.id, p.group_code, 'none', true, :since, '9999-12-31'"
            " FROM bench_person p JOIN bench_agency a ON a.n = p.place"
        ),
        {"since": date(2020, 1, 1)},
    )
    connection.execute(text("ANALYZE bench_person"))


def _bank(connection: Connection) -> None:
    connection.execute(text("CREATE TEMP TABLE bench_item (n int, version_id uuid) ON COMMIT DROP"))
    connection.execute(insert(Blueprint).values(name="Đề đo", created_at=LONG_AGO))
    columns = {
        "number": 1, "kind": "single", "level": "easy", "stem": "Câu hỏi", "body": {}, "key": ["a"], "explanation": "", "whys": {},
        "valid_from": date(2020, 1, 1), "search_text": "", "state": "approved", "created_at": LONG_AGO,
    }  # fmt: skip
    for n in range(ITEMS):
        item = connection.execute(insert(Item).values(code=f"C{n:03}", created_at=LONG_AGO).returning(Item.id)).scalar_one()
        version = connection.execute(
            insert(ItemVersion).values(item_id=item, topic=f"T{n % TOPICS}", content_hash=f"{n}", **columns).returning(ItemVersion.id)
        ).scalar_one()
        connection.execute(text("INSERT INTO bench_item VALUES (:n, :version)"), {"n": n, "version": version})


def _ledger(connection: Connection, term: Term, number: int, *, papers: bool) -> None:
    values = {"key": term.key, "period": term.quarter.code, "at": term.closed_at, "opens": term.closed_at - timedelta(days=20)}
    known = {"key": term.key, "period": term.quarter.code, "counted_on": term.counted_on, "registered_at": term.closed_at}
    connection.execute(insert(Activity).values(title=f"Kiểm tra {term.quarter}", **known))
    if number:  # one in fifty goes to the next agency
        connection.execute(
            text(
                f"UPDATE bench_person SET place = 1 + place % ((SELECT count(*) FROM bench_agency) - 1)"
                f" WHERE abs(hashint4(n + {number} * 7919)::bigint) % 50 = 0"
            )
        )
    connection.execute(
        text(
            "INSERT INTO expectation (id, activity, period, person_id, agency_id, agency_version_id, group_code, excluded_because,"
            " recorded_at) SELECT uuidv7(), :key, :period, p.id, a.id, a.version_id, p.group_code,"
            " CASE chance % 100 WHEN 0 THEN 'maternity'"
            " WHEN 1 THEN 'sick' WHEN 2 THEN 'seconded' WHEN 3 THEN 'study' END, :at"
            f" FROM (SELECT *, abs(hashint4(n * 31 + {number})::bigint) AS chance FROM bench_person) p JOIN bench_agency a ON a.n = p.place"
        ),
        values,
    )
    connection.execute(
        text(
            "CREATE TEMP TABLE bench_sitting ON COMMIT DROP AS SELECT p.n, p.id AS person_id, uuidv7() AS id,"
            f" abs(hashint4(p.n * 17 + {number})::bigint) % 101 AS score FROM bench_person p"
            f" WHERE abs(hashint4(p.n * 13 + {number})::bigint) % 10 > 0"
        )
    )
    connection.execute(
        text(
            "INSERT INTO outcome (id, activity, period, person_id, source_id, attempts, score, passed, occurred_at, recorded_at)"
            " SELECT uuidv7(), :key, :period, person_id, id, 1 + n % 2, score, score >= 50, :at, :at FROM bench_sitting"
        ),
        values,
    )
    if papers:
        _papers(connection, term, values)
    connection.execute(text("DROP TABLE bench_sitting"))


def _papers(connection: Connection, term: Term, values: dict[str, object]) -> None:
    connection.execute(
        text(
            "INSERT INTO round (id, code, purpose, quarter, activity, title, audience, cutoff_day, opens_at, closes_at, duration_seconds,"
            " grace_seconds, attempts_allowed, counting, pass_mark, feedback_policy, blueprint_id, form_count, state, created_at)"
            " SELECT uuidv7(), :code, 'quarterly', :code, :key, 'Kiểm tra', '{}', :day, :opens, :at, 2700, 60, 3, 'highest', 50, 'none',"
            f" id, {FORMS}, 'closed', :opens FROM blueprint"
        ),
        {**values, "code": str(term.quarter), "day": term.counted_on},
    )
    connection.execute(
        text(
            "INSERT INTO form (id, round_id, number) SELECT uuidv7(), r.id, n"
            f" FROM round r, generate_series(1, {FORMS}) AS n WHERE r.activity = :key"
        ),
        values,
    )
    connection.execute(
        text(
            "INSERT INTO form_slot (form_id, slot, item_version_id) SELECT f.id, s, i.version_id"
            f" FROM round r JOIN form f ON f.round_id = r.id CROSS JOIN generate_series(1, {QUESTIONS}) AS s"
            f" JOIN bench_item i ON i.n = (s * 3 + f.number % 3) % {ITEMS} WHERE r.activity = :key"
        ),
        values,
    )
    connection.execute(
        text(
            "INSERT INTO attempt (id, round_id, person_id, form_id, number, seed, takeover, extra_seconds, started_at, deadline,"
            " accepts_until, state, submitted_at, score, passed, receipt) SELECT b.id, r.id, b.person_id, f.id, 1, b.n, 1, 0, :opens, :at,"
            " :at, 'submitted', :at, b.score, b.score >= 50, 'R' || b.id FROM bench_sitting b JOIN round r ON r.activity = :key"
            f" JOIN form f ON f.round_id = r.id AND f.number = 1 + b.n % {FORMS}"
        ),
        values,
    )
    connection.execute(
        text(
            "INSERT INTO response (attempt_id, slot, answer, flagged, takeover, sequence, saved_at, points)"
            " SELECT b.id, s, '[\"a\"]', false, 1, s, :at,"
            " CASE WHEN abs(hashint4(b.n * 61 + s)::bigint) % 101 < b.score THEN 1 ELSE 0 END"
            f" FROM bench_sitting b CROSS JOIN generate_series(1, {QUESTIONS}) AS s"
        ),
        values,
    )
