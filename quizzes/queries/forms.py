"""A form as its pages show it, and how far the worker is with a round."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.actors import NotFound
from lms.kit.jobs import Job, JobState
from quizzes.models import Form, FormSlot, Item, ItemVersion


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """A question of a form with its key, for those who look the form through."""

    slot: int
    version_id: UUID
    code: str
    version: int
    kind: str
    topic: str
    level: str
    stem: str
    body: dict[str, Any]
    key: list[Any]
    explanation: str
    whys: dict[str, Any]
    legal_basis: str | None


def form_questions(session: Session, round_id: UUID, number: int) -> list[FormQuestion]:
    """In the order of the slots. Raises NotFound."""
    rows = session.execute(
        select(
            FormSlot.slot,
            ItemVersion.id,
            Item.code,
            ItemVersion.number,
            ItemVersion.kind,
            ItemVersion.topic,
            ItemVersion.level,
            ItemVersion.stem,
            ItemVersion.body,
            ItemVersion.key,
            ItemVersion.explanation,
            ItemVersion.whys,
            ItemVersion.legal_basis,
        )
        .join(Form, Form.id == FormSlot.form_id)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(Form.round_id == round_id, Form.number == number)
        .order_by(FormSlot.slot)
    )
    found = [FormQuestion(*row) for row in rows]
    if not found:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class JobView:
    """The last time the worker was asked to do something for a round."""

    state: str
    done: int
    total: int
    error: str | None
    created_at: datetime

    @property
    def under_way(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def failed(self) -> bool:
        return self.state == JobState.FAILED


def latest_job(session: Session, kind: str, round_id: UUID) -> JobView | None:
    row = session.execute(
        select(Job.state, Job.progress_done, Job.progress_total, Job.error, Job.created_at)
        .where(Job.kind == kind, Job.payload["round_id"].as_string() == str(round_id))
        .order_by(Job.created_at.desc(), Job.id.desc())
        .limit(1)
    ).one_or_none()
    return JobView(*row) if row else None
