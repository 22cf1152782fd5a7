"""Drawing 200 forms of 30 questions from a bank of 2,000, and counting the statistics of 25,000 sittings of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

import courses  # noqa: F401 - its tables belong to the schema
from lms.accounts.models import Person
from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.maintenance import schema
from quizzes.jobs.forms import count_statistics
from quizzes.models import Attempt, FormSlot, Item, ItemPair, ItemStatistic, ItemVersion, Response, Round
from quizzes.operations.assembly import materials, store_forms
from quizzes.operations.rounds import create_round
from quizzes.queries.assembly import paperwork, round_for_assembly, stored_papers
from quizzes.queries.statistics import round_figures
from quizzes.rules.assembly import Cell
from quizzes.rules.form_check import check_forms, figures_of
from quizzes.rules.rounds import RoundSettings
from tests.postgres import PrivatePostgres

ITEMS, FORMS, QUESTIONS, SITTINGS = 2000, 200, 30, 25_000
TOPICS = [f"CB{course}.{module}" for course in (1, 2) for module in range(1, 6)]
LEVELS = ("NB", "TH", "VD")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OPENS, CLOSES = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
LIMITS = {"forms": FORMS, "seed": 20264, "overlap_limit": 20, "exposure_limit": 5, "anchors": 6}
BATCH = 500


def run(kinds: list[str]) -> None:
    for kind in kinds:
        with _database(kind) as database:
            print(f"\n{kind}")
            _measure(database)


def _measure(database: Database) -> None:
    with database.transaction() as session:
        round_id = _bank_and_round(session)
    began = _now()
    with database.reading() as session:
        drawn_from = materials(session, round_id, ZONE)
    read = _now()
    papers = drawn_from.draw()
    drawn = _now()
    with database.transaction() as session:
        store_forms(session, SERVICE, drawn_from, papers, OPENS)
    stored = _now()
    with database.reading() as session:
        round_ = round_for_assembly(session, round_id)
        placed = stored_papers(session, round_)
        figures = figures_of(placed)
        findings = check_forms(placed, paperwork(session, round_, ZONE), figures)
    checked = _now()
    print(f"  {FORMS} forms x {QUESTIONS} from {ITEMS} items, CPU seconds (wall):")
    for name, one, other in (
        ("read the bank", began, read),
        ("draw", read, drawn),
        ("store", drawn, stored),
        ("read again and check", stored, checked),
    ):
        print(f"    {name:24s} {other[0] - one[0]:6.2f} ({other[1] - one[1]:.2f})")
    print(f"  exposure: items by number of forms {figures.used_in()}, most {100 * figures.most_used / FORMS:.1f} % of the forms")
    print(f"  overlap: pairs of forms by shared items {figures.sharing}")
    low, high = min(figures.difficulty.values()), max(figures.difficulty.values())
    print(f"  expected difficulty {low:.3f}-{high:.3f}, standard deviation {figures.spread_of_difficulty:.4f}")
    print(f"  findings: {[finding.code for finding in findings] or 'none'}")
    with database.transaction() as session:
        _sittings(session, round_id)
    Path("/proc/self/clear_refs").write_text("5")  # the peak of memory is taken anew
    before = _memory("VmRSS")
    one = _now()
    counted = count_statistics(database, round_id, CLOSES)
    other = _now()
    grown = _memory("VmHWM") - before
    with database.reading() as session:
        whole = round_figures(session, round_id)
    assert whole is not None
    assert whole.figures is not None
    took = f"{other[0] - one[0]:.1f} s CPU ({other[1] - one[1]:.1f} wall), peak of memory +{grown:.0f} MB"
    print(f"  statistics of {counted} sittings x {QUESTIONS}: {took}")
    print(f"    mean {whole.figures.mean:.1f}, alpha {whole.figures.alpha or 0:.3f}, {whole.flagged} items flagged")


def _memory(name: str) -> float:
    """Megabytes of this process, now (VmRSS) or at most since the peak was taken anew (VmHWM)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1000


def _now() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


@contextmanager
def _database(kind: str) -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        if kind == "sqlite":
            database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
            schema.upgrade(database)
            yield database
            database.dispose()
            return
        server = PrivatePostgres().start()
        try:
            database = Database(server.create("bench"))
            schema.upgrade(database)
            yield database
            database.dispose()
        finally:
            server.stop()


def _bank_and_round(session: Session) -> UUID:
    random = Random(1)
    options = [{"id": letter, "text": f"Phương án {letter}"} for letter in "abcd"]
    items, versions = [], []
    for number in range(ITEMS):
        item_id, level = uuid7(), LEVELS[number // len(TOPICS) % 3]
        items.append({"id": item_id, "code": f"N-{number:05d}", "created_at": OPENS})
        versions.append(
            {
                "id": uuid7(),
                "item_id": item_id,
                "number": 1,
                "kind": "single_choice",
                "level": level,
                "topic": TOPICS[number % len(TOPICS)],
                "stem": f"Câu số {number}",
                "body": {"options": options},
                "key": [random.choice("abcd")],
                "explanation": "x",
                "whys": {},
                "valid_from": date(2020, 1, 1),
                "content_hash": str(number),
                "search_text": "",
                "state": "approved",
                "created_at": OPENS,
            }
        )
    for table, rows in ((Item, items), (ItemVersion, versions)):
        session.execute(insert(table), rows)
    pairs = {tuple(sorted(random.sample([item["id"] for item in items], 2))) for _ in range(300)}
    session.execute(
        insert(ItemPair), [{"item_id": one, "other_id": other, "relation": "enemy", "created_at": OPENS} for one, other in pairs]
    )
    _earlier_test(session, [version["id"] for version in versions], [version["level"] for version in versions])
    settings = RoundSettings(
        quarter=Quarter.parse("2026-Q4"),
        title="Bench",
        cutoff_day=date(2026, 10, 1),
        opens_at=OPENS,
        closes_at=CLOSES,
        pass_mark=Decimal(50),
    )
    cells = [Cell(topic, level, QUESTIONS // len(TOPICS) // len(LEVELS)) for topic in TOPICS for level in LEVELS]
    round_id = create_round(session, SERVICE, settings, cells, OPENS)
    session.execute(update(Round).where(Round.id == round_id).values(assembly=LIMITS))
    return round_id


def _earlier_test(session: Session, versions: list[UUID], levels: list[str]) -> None:
    """Two in three items were measured a quarter ago: they have difficulties of their own, and may be anchors."""
    random = Random(3)
    settings = RoundSettings(
        quarter=Quarter.parse("2026-Q3"),
        title="Bench",
        cutoff_day=date(2026, 7, 1),
        opens_at=OPENS - timedelta(days=90),
        closes_at=OPENS,
        pass_mark=Decimal(50),
    )
    round_id = create_round(session, SERVICE, settings, [Cell(TOPICS[0], LEVELS[0], 1)], OPENS)
    usual = dict(zip(LEVELS, (0.75, 0.65, 0.5), strict=True))
    rows = [
        {
            "round_id": round_id,
            "item_version_id": version,
            "n": 400,
            "facility": min(0.97, max(0.08, random.gauss(usual[level], 0.15))),
            "omitted": 0,
            "options": {},
            "forms": 3,
            "shown": 400,
            "drift": {},
            "flags": [],
            "suspicion": 0,
        }
        for version, level in zip(versions, levels, strict=True)
        if random.random() < 2 / 3
    ]
    session.execute(insert(ItemStatistic), rows)


def _sittings(session: Session, round_id: UUID) -> None:
    """Sittings of people of different knowledge, saved one answer after the other."""
    random = Random(2)
    papers: dict[UUID, list[tuple[int, list[str]]]] = {}
    for form_id, slot, key in session.execute(
        select(FormSlot.form_id, FormSlot.slot, ItemVersion.key).join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
    ):
        papers.setdefault(form_id, []).append((slot, key))
    forms = sorted(papers)
    session.execute(update(Round).where(Round.id == round_id).values(state="closed"))
    for start in range(0, SITTINGS, BATCH):
        persons, attempts, responses = [], [], []
        for number in range(start, start + BATCH):
            person_id, attempt_id, form_id = uuid7(), uuid7(), forms[number % len(forms)]
            ability, right = min(0.98, max(0.2, random.gauss(0.65, 0.15))), 0
            for place, (slot, key) in enumerate(papers[form_id]):
                answer = key if random.random() < ability else [random.choice("abcd")]
                right += answer == key
                responses.append(
                    {
                        "attempt_id": attempt_id,
                        "slot": slot,
                        "answer": answer,
                        "flagged": False,
                        "takeover": 1,
                        "sequence": place,
                        "saved_at": OPENS + timedelta(seconds=30 * place + random.randint(5, 60)),
                        "points": Decimal(int(answer == key)),
                    }
                )
            persons.append(
                {
                    "id": person_id,
                    "staff_code": f"B{number}",
                    "full_name": "Người thử",
                    "sort_key": f"{number:06d}",
                    "search_text": "",
                    "created_at": OPENS,
                }
            )
            score = Decimal(100 * right) / QUESTIONS
            attempts.append(
                {
                    "id": attempt_id,
                    "round_id": round_id,
                    "person_id": person_id,
                    "form_id": form_id,
                    "number": 1,
                    "seed": 1,
                    "started_at": OPENS,
                    "deadline": CLOSES,
                    "accepts_until": CLOSES,
                    "state": "submitted",
                    "submitted_at": CLOSES,
                    "score": round(score, 2),
                    "passed": score >= 50,
                    "receipt": str(attempt_id),
                }
            )
        session.execute(insert(Person), persons)
        session.execute(insert(Attempt), attempts)
        session.execute(insert(Response), responses)
