"""What freezing costs beside the plain statement that gives the same totals: `python -m bench.freezing [PEOPLE [AGENCIES]]`, on a
PostgreSQL of its own. Prints CPU-independent ratios; asserts nothing."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import insert, text

from lms.accounts.models import Person, PositionGroup
from lms.agencies.models import Agency, AgencyClosure, AgencyVersion
from lms.agencies.rules.closure import FOREVER
from lms.kit.actors import SERVICE
from lms.kit.db import Base, Database
from lms.kit.ids import uuid7
from lms.reports.operations.freezing import BODIES_AT_ONCE, begin_report, finish_report, write_bodies
from lms.reports.queries.composing import compose, head_of
from lms.results.models import Activity, Expectation, Outcome
from tests.postgres import PrivatePostgres

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = date(2026, 10, 1)
KEY = "quarterly-test:2026-Q4"
PLAIN = """
SELECT c.ancestor_id, e.group_code, count(*) FILTER (WHERE e.excluded_because IS NULL),
       count(*) FILTER (WHERE e.excluded_because IS NOT NULL),
       count(o.id), sum(CASE WHEN o.passed THEN 1 ELSE 0 END), sum(round(o.score * 100)), sum(o.attempts), {bins}
FROM expectation e
JOIN agency_closure c ON c.descendant_id = e.agency_id AND c.valid_from <= '2026-10-01' AND c.valid_to > '2026-10-01'
LEFT JOIN outcome o ON o.activity = e.activity AND o.person_id = e.person_id AND o.superseded_by IS NULL AND e.excluded_because IS NULL
WHERE e.activity = 'quarterly-test:2026-Q4'
GROUP BY c.ancestor_id, e.group_code
"""
BINS = ", ".join(f"sum(CASE WHEN o.score >= {low} AND o.score < {low + 10 + (low == 90)} THEN 1 ELSE 0 END)" for low in range(0, 100, 10))


def best(action: Callable[[], Any], times: int = 7) -> float:
    action()
    taken = []
    for _ in range(times):
        begun = perf_counter()
        action()
        taken.append(perf_counter() - begun)
    return 1000 * median(taken)


def fill(database: Database, people: int, agencies: int) -> None:
    random = Random(1)
    ids = [uuid7() for _ in range(agencies)]
    parents = [None, *(ids[0] if index < agencies // 7 else ids[1 + index % (agencies // 7 - 1)] for index in range(1, agencies))]
    parent_of = dict(zip(ids, parents, strict=True))
    versions = {agency: uuid7() for agency in ids}
    groups = [f"N{number}" for number in range(1, 6)]
    with database.transaction() as session:

        def put(model: Any, rows: list[dict[str, Any]]) -> None:
            for start in range(0, len(rows), 2000):
                session.execute(insert(model), rows[start : start + 2000])

        put(Agency, [{"id": agency, "created_at": AT} for agency in ids])
        put(
            AgencyVersion,
            [
                {
                    "id": versions[one],
                    "agency_id": one,
                    "name": f"Cơ quan {number}",
                    "kind": "agency",
                    "block": f"b{number % 5}",
                    "level": "xa",
                    "parent_id": parent_of[one],
                    "sort_key": f"{number:05}",
                    "search_text": "",
                    "valid_from": date(2020, 1, 1),
                    "valid_to": FOREVER,
                    "recorded_at": AT - timedelta(days=900),
                }
                for number, one in enumerate(ids)
            ],
        )
        rows = []
        for one in ids:
            depth, above = 0, one
            while above is not None:
                rows.append(
                    {
                        "ancestor_id": above,
                        "descendant_id": one,
                        "valid_from": date(2020, 1, 1),
                        "valid_to": FOREVER,
                        "depth": depth,
                        "recorded_at": AT - timedelta(days=900),
                    }
                )
                depth, above = depth + 1, parent_of[above]
        put(AgencyClosure, rows)
        if session.get(PositionGroup, "N1") is None:
            put(
                PositionGroup, [{"code": group, "name_vi": group, "name_en": group, "ordinal": place} for place, group in enumerate(groups)]
            )
        session.execute(insert(Activity).values(key=KEY, period="20264", title="Quý", counted_on=DAY, registered_at=AT))
        persons = [uuid7() for _ in range(people)]
        columns = {
            column.name
            for column in Person.__table__.columns
            if not column.nullable and column.default is None and column.server_default is None
        }
        put(
            Person,
            [
                {
                    "id": one,
                    **{
                        name: {"staff_code": f"P{number}", "created_at": AT, "updated_at": AT}.get(name, f"x{number}")
                        for name in columns - {"id"}
                    },
                }
                for number, one in enumerate(persons)
            ],
        )
        places = [random.choice(ids) for _ in persons]
        put(
            Expectation,
            [
                {
                    "id": uuid7(),
                    "activity": KEY,
                    "period": "20264",
                    "person_id": one,
                    "agency_id": place,
                    "agency_version_id": versions[place],
                    "group_code": random.choice(groups),
                    "excluded_because": "sick" if random.random() < 0.04 else None,
                    "recorded_at": AT,
                }
                for one, place in zip(persons, places, strict=True)
            ],
        )
        put(
            Outcome,
            [
                {
                    "id": uuid7(),
                    "activity": KEY,
                    "period": "20264",
                    "person_id": one,
                    "source_id": uuid7(),
                    "attempts": 1,
                    "score": score,
                    "passed": score >= 50,
                    "occurred_at": AT,
                    "recorded_at": AT,
                }
                for one in persons
                if random.random() < 0.9
                for score in [Decimal(random.randint(0, 100))]
            ],
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def measure(people: int, agencies: int) -> None:
    server = PrivatePostgres().start()
    try:
        database = Database(server.create("freezing"))
        Base.metadata.create_all(database.engine)
        fill(database, people, agencies)

        def plain() -> None:
            with database.reading() as session:
                session.execute(text(PLAIN.format(bins=BINS))).all()

        with database.transaction() as session:
            report = begin_report(session, SERVICE, KEY, AT + timedelta(days=1))
            head = head_of(session, report)

        def composing() -> None:
            with database.reading() as session:
                compose(session, head)

        def freezing() -> None:
            with database.transaction() as session:
                composition = compose(session, head)
                for start in range(0, len(composition.agencies), BODIES_AT_ONCE):
                    write_bodies(session, report.id, composition, composition.agencies[start : start + BODIES_AT_ONCE])
                finish_report(session, SERVICE, report.id, composition, AT)
                session.rollback()

        base, read, whole = best(plain), best(composing), best(freezing, 3)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{people:>7} people {agencies:>4} agencies: GROUP BY {base:.0f} ms; read and composed {read:.0f} ms ({read / base:.1f}×); "
            f"frozen whole {whole:.0f} ms ({whole / base:.1f}×); {memory} MB"
        )
        database.dispose()
    finally:
        server.stop()


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 25_000, int(sys.argv[2]) if len(sys.argv) > 2 else 700)
