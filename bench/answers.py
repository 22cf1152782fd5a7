"""Answers to questions of any kind, as a person's device sends them; whether they are right does not matter here."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

TYPED = "12"  # a number and a text alike


def some_answer(question: Mapping[str, Any], random: Random) -> list[str]:
    """An answer to a question of a paper's JSON, every part of it given."""
    if "parts" not in question:
        return [_value(question, random, 0)]
    # Each part another value where there are as many: places of an order must differ.
    turn = random.randrange(12)
    return [f"{part['id']}={_value(part, random, turn + place)}" for place, part in enumerate(question["parts"])]


def _value(control: Mapping[str, Any], random: Random, turn: int) -> str:
    options = control.get("options") or []
    if not options:
        return TYPED
    chosen = options[turn % len(options)] if "id" in control else random.choice(options)
    return str(chosen["id"])
