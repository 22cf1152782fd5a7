"""Courses to test with: the valid example, and changes made to it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from courses import operations
from courses.authoring.package_files import parse_course, read_files
from courses.rules import CourseContent
from lms.kit.actors import SERVICE, Actor, Grant, Role
from tests.factories import grant, make_agency, make_person

EXAMPLES = Path(__file__).parent / "examples"
VALID = EXAMPLES / "valid"
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = "bai-mot", "bai-hai", "bai-ba"


class Learner(NamedTuple):
    id: UUID
    actor: Actor


def changed(target: Path, changes: Mapping[str, tuple[str, str] | bytes | None] | None = None) -> Path:
    """A copy of the valid example in which files are new (bytes), gone (None), or have one text replaced."""
    folder = target / "mau"
    shutil.copytree(VALID, folder)
    for name, change in (changes or {}).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if change is None:
            path.unlink()
        elif isinstance(change, bytes):
            path.write_bytes(change)
        else:
            text = path.read_text()
            assert change[0] in text, f"{name} has no {change[0]!r}"
            path.write_text(text.replace(change[0], change[1], 1))
    return folder


def content(folder: Path = VALID) -> CourseContent:
    course, problems = parse_course(read_files(folder))
    assert course is not None, "\n".join(map(str, problems))
    return course


def publish(session: Session, folder: Path = VALID, at: datetime = AT) -> int | None:
    return operations.load_course(session, SERVICE, content(folder), at)


def make_learner(session: Session, login: str = "hocvien", *, group: str = "N2", it_duty: str = "none") -> Learner:
    agency = make_agency(session, f"Cơ quan của {login}")
    person = make_person(session, "Nông Văn Dũng", agency=agency, login=login, group=group, it_duty=it_duty)
    grant(session, person, Role.LEARNER)
    return Learner(person, Actor(person, "Nông Văn Dũng", login, (Grant(Role.LEARNER),)))
