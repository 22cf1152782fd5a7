"""What a sitting costs beside the floor, and what a finished one takes up on the disk.

`run`: CPU of web and database together for start, begin, save and submit, over the floor's upsert, with the limits they are held to.
`run_storage`: bytes of each table with its indexes, before and after so many finished sittings of 30 questions, per sitting. What the
record store keeps of them (statements) is counted apart.
"""

from __future__ import annotations

import http.client
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from random import Random

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import floor
from bench.answers import some_answer
from bench.browser import Answer, Browser
from bench.data import PASSWORD, Province
from bench.measure import Meter, Series
from bench.processes import gunicorn
from bench.requests import WARM_UP, Place, loaded
from bench.tables import machine, print_table
from lms.accounts.models import Account
from lms.kit.actors import Actor
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.secrets import Vault
from quizzes.operations.attempts import Origin, begin_clock, start_attempt, submit_attempt
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.attempts import attempt_by_id, paper
from quizzes.rules.sitting import parts_for

FLOOR = "floor: one upsert"
LIMITS: dict[str, float | None] = {
    FLOOR: None,
    "start, paper handed out": 3.0,
    "start, the clock begins": None,
    "save one answer": 1.6,
    "save a changed answer": 1.6,
    "submit (30 answers)": 6.0,
}
SITTINGS = 400
LARGEST = 8_000


def run(kinds: Sequence[str], number: int) -> None:
    print(machine())
    for kind in kinds:
        with loaded(kind, people=max(1000, number + WARM_UP)) as (where, province):
            print(f"\n## {where.name}\n")
            _print(_measure(where, province, number))


def _measure(where: Place, province: Province, number: int) -> dict[str, Series]:
    floor.fill(where.floor_url)
    floor_environment = {**where.environment, "BENCH_FLOOR_URL": where.floor_url}
    with (
        gunicorn("bench.floor:app", floor_environment, where.folder / "floor.log") as (floor_port, floor_pids),
        gunicorn("bench.service:app", where.environment, where.folder / "service.log") as (port, pids),
    ):
        floor_meter, meter = Meter(floor_pids, where.postmaster), Meter(pids, where.postmaster)
        floor_browser = Browser(http.client.HTTPConnection("127.0.0.1", floor_port))
        connection = http.client.HTTPConnection("127.0.0.1", port)
        results: defaultdict[str, Series] = defaultdict(Series)

        def measured(name: str, request: Callable[[], Answer]) -> Answer:
            answer, sample = (floor_meter if name == FLOOR else meter).measure(request)
            results[name].samples.append(sample)
            return answer

        steps = _people(province, connection)
        random, numbers = Random(1), itertools.count(1)
        for turn in range(number + WARM_UP):
            if turn == WARM_UP:
                results.clear()
            row = {"id": random.randint(1, floor.ROWS), "value": f"changed {next(numbers)}"}
            measured(FLOOR, lambda row=row: floor_browser.post_json("/rows", row))  # type: ignore[misc]
            _sit(measured, next(steps), f"/rounds/{province.open_quarter}/start", random)
    return results


def _people(province: Province, connection: http.client.HTTPConnection) -> Iterator[Browser]:
    for login in province.learners:
        person = Browser(connection)
        person.get("/sign-in")
        person.post_form("/sign-in", {"login": login, "password": PASSWORD, "next": ""})
        yield person


def _sit(measured: Callable[[str, Callable[[], Answer]], Answer], person: Browser, start: str, random: Random) -> None:
    person.get(start)
    form = {"from_page": "1", "read": "1", "in_two_steps": "1"}
    attempt = measured("start, paper handed out", lambda: person.post_form(start, form)).headers["Location"]
    person.get(attempt)
    measured("start, the clock begins", lambda: person.post_json(f"{attempt}/begin", {}))
    paper_json = person.get(attempt, accept="application/json").json
    clock = int(time.time() * 1000)

    def save(answers: list[dict[str, object]]) -> Answer:
        return person.post_json(f"{attempt}/answers", {"takeover": paper_json["takeover"], "responses": answers, "clock": clock})

    answers: list[dict[str, object]] = [
        {"slot": question["slot"], "sequence": sequence, "answer": some_answer(question, random), "flagged": False}
        for sequence, question in enumerate(paper_json["questions"], start=1)
    ]
    changed = {**answers[0], "sequence": len(answers) + 1, "answer": some_answer(paper_json["questions"][0], random)}
    measured("save one answer", lambda: save(answers[:1]))
    measured("save a changed answer", lambda: save([changed]))
    for one in answers[1:]:
        save([one])
    measured("submit (30 answers)", lambda: person.post_form(f"{attempt}/submit", {}))


def _print(results: dict[str, Series]) -> None:
    base = results[FLOOR].percentile(lambda sample: sample.together, 25)
    rows = []
    for name, limit in LIMITS.items():
        series = results[name]
        parts = [series.percentile(lambda sample: sample.web, 25), series.percentile(lambda sample: sample.database, 25)]
        both = series.percentile(lambda sample: sample.together, 25)
        allowed = "" if limit is None else f"{limit:g}"
        rows.append(
            [name, str(len(series.samples)), *(f"{value:.2f}" for value in (*parts, both)), f"{both / base:.2f}", allowed, series.queries]
        )
    print_table(["CPU ms per request (p25)", "n", "web", "database", "both", "× floor", "allowed", "statements"], rows)


def run_storage(kinds: Sequence[str], sittings: int = SITTINGS) -> None:
    print(machine())
    for kind in kinds:
        with loaded(kind, people=max(1000, sittings)) as (where, province):
            print(f"\n## {where.name}\n")
            database = Database(where.url, vault=Vault(where.environment["LMS_SECRET_KEY"]))
            _tidy(database)
            before = _sizes(database)
            _sit_all(database, province, sittings)
            after = _sizes(database)
            _print_sizes(before, after, sittings)
            database.dispose()


def _sit_all(database: Database, province: Province, sittings: int) -> None:
    """Finished sittings as browsers make them: each answer saved by itself, a third of them changed once."""
    random, begun = Random(1), now()
    with database.reading() as session:
        people = [_actor(session, login) for login in province.learners[:sittings]]
    for number, actor in enumerate(people):
        origin = Origin(f"{number:016x}", f"{number:016x}")
        at = begun + timedelta(seconds=number)
        with database.transaction() as session:
            attempt = start_attempt(session, actor, str(province.open_quarter), at, in_two_steps=True, origin=origin).attempt_id
        with database.transaction() as session:
            begin_clock(session, actor, attempt, at)
        with database.reading() as session:
            view = attempt_by_id(session, attempt)
            choices = {slot: parts_for(one.kind, one.body, 1, slot)[0].choices for slot, one in paper(session, view.form_id).items()}
        slots = [*choices, *random.sample(list(choices), len(choices) // 3)]
        for sequence, slot in enumerate(slots, start=1):
            given = [Answered(slot=slot, sequence=sequence, answer=[random.choice(choices[slot]).id])]
            with database.transaction() as session:
                save_answers(session, actor, attempt, takeover=1, answers=given, at=at, device_clock=at)
        with database.transaction() as session:
            submit_attempt(session, actor, attempt, at + timedelta(minutes=20), takeover=1, origin=origin)
        if number % 50 == 49:
            _tidy(database)


def _tidy(database: Database) -> None:
    """What autovacuum does as the hours of a test week go by."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))


def _actor(session: Session, login: str) -> Actor:
    account = session.query(Account).filter_by(login_name=login).one()
    return Actor(account.person_id, login, login)


def _sizes(database: Database) -> dict[str, int]:
    """Bytes of each table with its indexes."""
    if database.engine.dialect.name == "postgresql":
        query = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    else:
        query = (
            "SELECT coalesce(i.tbl_name, s.name), sum(s.pgsize) FROM dbstat s LEFT JOIN sqlite_master i"
            " ON i.type = 'index' AND i.name = s.name GROUP BY 1"
        )
    with database.engine.connect() as connection:
        return {name: int(size) for name, size in connection.execute(text(query))}


def _print_sizes(before: dict[str, int], after: dict[str, int], sittings: int) -> None:
    grown = {name: (size - before.get(name, 0)) / sittings for name, size in after.items()}
    store = {name: size for name, size in grown.items() if name.startswith("xapi_")}
    rows = [[name, f"{size:.0f}"] for name, size in sorted(grown.items(), key=lambda one: -one[1]) if size >= 1 and name not in store]
    rows.append(["all told", f"{sum(size for name, size in grown.items() if name not in store):.0f} (allowed {LARGEST})"])
    print_table(["bytes per finished sitting of 30 questions", "table with indexes"], rows)
