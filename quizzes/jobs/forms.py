"""The worker's part for forms: drawing them, and counting what the answers told about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.jobs import JobRun, Periodic
from lms.kit.unit import database, settings
from quizzes.operations.assembly import ASSEMBLY_JOB, materials, store_forms
from quizzes.operations.statistics import STATISTICS_JOB, store_statistics, work_out
from quizzes.queries.statistics_source import read_sittings, rounds_to_count


def assemble_round_forms(job: JobRun) -> Mapping[str, Any]:
    """Draw the forms of a draft anew; the same bank, limits and seed give the same forms, so that it may be begun again."""
    person = job.payload["actor"]
    actor = replace(SERVICE, person_id=UUID(person) if person else None, display_name=job.payload["name"])
    with job.database.reading() as session:
        drawn_from = materials(session, UUID(job.payload["round_id"]), settings().zone)
    papers = drawn_from.draw(job.progress)
    with job.database.transaction() as session:
        return {"forms": store_forms(session, actor, drawn_from, papers, now())}


def count_round_statistics(job: JobRun) -> Mapping[str, Any]:
    return {"sittings": count_statistics(job.database, UUID(job.payload["round_id"]), now(), job.progress)}


def count_statistics(data: Database, round_id: UUID, at: datetime, progress: Callable[[int, int], None] | None = None) -> int:
    """Read a test's sittings and store its statistics; how many sittings were counted. Nobody is kept waiting while it reads."""
    with data.reading() as session:
        source = read_sittings(session, round_id, progress)
        counted = work_out(session, round_id, source, at)
    with data.transaction() as session:
        store_statistics(session, counted)
    return source.sittings


def count_what_is_out_of_date(at: datetime) -> None:
    """Tests that were closed, or whose marks were changed, at once; open ones a few times a day."""
    with database().reading() as session:
        rounds = rounds_to_count(session, at)
    for round_id in rounds:
        count_statistics(database(), round_id, at)


JOBS = {ASSEMBLY_JOB: assemble_round_forms, STATISTICS_JOB: count_round_statistics}
PERIODIC = (Periodic(name="quizzes.count_statistics", seconds=600, run=count_what_is_out_of_date),)
