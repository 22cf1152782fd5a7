"""What a sitting becomes in xAPI. Pure: the same facts give the same statements, ids included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from lms.lrs import vocabulary as words
from lms.lrs.building import Activity, InteractionComponent, InteractionComponentList, LanguageMap
from quizzes.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Sitting:
    """Whose attempt at which round. Times are aware; `score` and `pass_mark` 0–100, `score` None while the attempt is open."""

    base_url: str
    attempt_id: UUID
    person_id: UUID
    round_code: str
    title: str
    number: int
    started_at: datetime
    pass_mark: Decimal
    ended_at: datetime | None = None
    score: Decimal | None = None
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of the paper and what was answered; `saved_at` None: not answered."""

    code: str
    version: int
    kind: str
    stem: str
    body: Mapping[str, Any]
    key: Sequence[str]
    answer: Sequence[str]
    points: Decimal | None
    saved_at: datetime | None


def round_activity_iri(base_url: str, round_code: str) -> str:
    return words.activity_iri(base_url, "rounds", round_code)


def item_activity_iri(base_url: str, code: str, version: int) -> str:
    """Each version of an item is an activity of its own: its text and key are what they were when it was answered."""
    return words.activity_iri(base_url, "items", code, str(version))


def attempt_started(sitting: Sitting) -> list[dict[str, Any]]:
    """`initialized` the round's test."""
    return [_about_round(sitting, words.INITIALIZED, sitting.started_at)]


def attempt_finished(sitting: Sitting, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """`answered` for each question that was, then `passed` or `failed` with the score, and `completed`; as cmi5 has it, the score and
    what it had to be stand with the verdict alone."""
    assert sitting.ended_at is not None and sitting.score is not None  # noqa: PT018 - a finished sitting has both
    duration = sitting.ended_at - sitting.started_at
    score = {"scaled": float(sitting.score / 100), "raw": float(sitting.score), "min": 0, "max": 100}
    verdict = words.PASSED if sitting.passed else words.FAILED
    return [
        *(_answered(sitting, answer, answer.saved_at) for answer in answers if answer.saved_at is not None and answer.answer),
        _about_round(
            sitting,
            verdict,
            sitting.ended_at,
            result={"success": bool(sitting.passed), "score": score},
            duration=duration,
            extensions=_mastery(sitting),
        ),
        _about_round(sitting, words.COMPLETED, sitting.ended_at, result={"completion": True}, duration=duration),
    ]


def attempt_remarked(sitting: Sitting, regrade_id: UUID, cause: str, at: datetime) -> list[dict[str, Any]]:
    """`passed` or `failed` again, with the mark that took the place of an earlier one (in `sitting`) and what led to it. The statements
    about the first mark stay: they say what was true then."""
    assert sitting.score is not None
    return [
        words.statement(
            facts=(sitting.attempt_id, regrade_id),
            actor=words.actor_for(sitting.base_url, sitting.person_id),
            verb=words.PASSED if sitting.passed else words.FAILED,
            target=_round(sitting),
            at=at,
            registration=sitting.attempt_id,
            result={
                "success": bool(sitting.passed),
                "score": {"scaled": float(sitting.score / 100), "raw": float(sitting.score), "min": 0, "max": 100},
            },
            extensions={
                words.ATTEMPT: sitting.number,
                words.CORRECTED_BECAUSE: cause,
                **_mastery(sitting),
            },
        )
    ]


def _mastery(sitting: Sitting) -> dict[str, float]:
    return {words.MASTERY_SCORE: float(sitting.pass_mark / 100)}


def _round(sitting: Sitting) -> Activity:
    return words.activity(round_activity_iri(sitting.base_url, sitting.round_code), words.ASSESSMENT, {"vi": sitting.title})


def _about_round(
    sitting: Sitting, verb: words.Verb, at: datetime, *, extensions: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    return words.statement(
        facts=(sitting.attempt_id,),
        actor=words.actor_for(sitting.base_url, sitting.person_id),
        verb=verb,
        target=_round(sitting),
        at=at,
        registration=sitting.attempt_id,
        extensions={words.ATTEMPT: sitting.number, **(extensions or {})},
        **more,
    )


def _answered(sitting: Sitting, answer: Answer, at: datetime) -> dict[str, Any]:
    kind = KINDS[answer.kind]
    points = Fraction(answer.points or 0)
    return words.statement(
        facts=(sitting.attempt_id, answer.code),
        actor=words.actor_for(sitting.base_url, sitting.person_id),
        verb=words.ANSWERED,
        target=_interaction(sitting.base_url, answer),
        at=at,
        registration=sitting.attempt_id,
        parents=(_round(sitting),),
        result={
            "response": kind.response_pattern(answer.body, answer.answer),
            "success": points == 1,
            "score": {"scaled": float(points), "raw": float(points), "min": 0, "max": 1},
        },
    )


def _interaction(base_url: str, answer: Answer) -> Activity:
    kind = KINDS[answer.kind]
    parts = kind.parts(answer.body)
    components: dict[str, Any] = {}
    if kind.interaction_type == "choice":
        components["choices"] = _components((choice.id, choice.text) for choice in parts[0].choices)
    elif kind.interaction_type == "sequencing":
        components["choices"] = _components((part.id, part.label) for part in parts)
    elif kind.interaction_type == "matching":
        components["source"] = _components((part.id, part.label) for part in parts)
        components["target"] = _components((choice.id, choice.text) for choice in parts[0].choices)
    return words.activity(
        item_activity_iri(base_url, answer.code, answer.version),
        words.INTERACTION,
        {"vi": answer.code},
        {"vi": answer.stem.replace("**", "").replace("`", "")},
        interaction_type=kind.interaction_type,
        correct_responses_pattern=kind.correct_patterns(answer.body, answer.key),
        **components,
    )


def _components(named: Iterable[tuple[str, str]]) -> InteractionComponentList:
    return InteractionComponentList([InteractionComponent(id=one, description=LanguageMap({"vi": text})) for one, text in named])
