"""Answers of several parts, and how right parts add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Part, Problem, Scoring

SIGN = "="


def by_part(answer: Answer) -> dict[str, str] | None:
    """`["a=true"]` → `{"a": "true"}`; None where a text names no part, or a part is named twice."""
    found: dict[str, str] = {}
    for text in answer:
        part, sign, value = text.partition(SIGN)
        if not sign or part in found:
            return None
        found[part] = value
    return found


def may_be_typed(text: str, longest: int) -> bool:
    """Can this text be kept as it was typed? PostgreSQL takes none with the character NUL."""
    return len(text) <= longest and "\x00" not in text


def keyed(key: Answer) -> dict[str, str]:
    """The key of a sound item of several parts."""
    return by_part(key) or {}


def scoring_of(body: Body) -> Scoring:
    return Scoring(body.get("scoring", Scoring.ALL))


def scoring_problems(body: Body, allowed: Iterable[Scoring] = (Scoring.ALL, Scoring.PARTIAL)) -> list[Problem]:
    names = [str(one) for one in allowed]
    if body.get("scoring", Scoring.ALL) in names:
        return []
    return [
        Problem(
            N_("cách tính điểm “%(scoring)s” phải là một trong: %(names)s"),
            {"scoring": str(body["scoring"])[:40], "names": ", ".join(names)},
        )
    ]


def share_of(right: Iterable[bool], scoring: Scoring) -> Fraction:
    """The point of an answer from the verdict on each of its parts."""
    verdicts = list(right)
    return Fraction(all(verdicts)) if scoring is Scoring.ALL else Fraction(sum(verdicts), len(verdicts))


def values_by_part(parts: Sequence[Part], answer: Answer) -> dict[str, list[str]]:
    """What was answered in each part; under the empty name where the question has one control."""
    if [part.id for part in parts] == [""]:
        return {"": list(answer)}
    found: dict[str, list[str]] = {}
    for text in answer:
        part, _sign, value = text.partition(SIGN)
        found.setdefault(part, []).append(value)
    return found


def in_words(parts: Sequence[Part], answer: Answer) -> str:
    """An answer as a sentence would say it, each part behind its label."""
    said = []
    values = values_by_part(parts, answer)
    for part in parts:
        texts = {choice.id: choice.text for choice in part.choices}
        given = ", ".join(texts.get(value, value) for value in values.get(part.id, []))
        if given:
            said.append(f"{part.label}: {given}" if part.id and part.label else given)
    return "; ".join(said)


def pattern(pairs: Mapping[str, str]) -> str:
    """cmi.interaction “matching”: `a[.]true[,]b[.]false`."""
    return "[,]".join(f"{part}[.]{value}" for part, value in sorted(pairs.items()))
