"""What was typed or chosen in a question's plain controls."""

from __future__ import annotations

from flask import request

from quizzes.kinds.answers import SIGN


def typed_answer() -> list[str]:
    """`answer` of a question with one control, `answer.<part>` for each of several; what is blank is not answered."""
    one = [text.replace("\r\n", "\n") for text in request.form.getlist("answer") if text.strip()]
    parts = {name.removeprefix("answer."): value for name, value in request.form.items() if name.startswith("answer.")}
    return one + [f"{part}{SIGN}{value}" for part, value in parts.items() if value.strip()]
