"""How a question is answered, for a page the server writes: as the script gets it, with authored texts marked up."""

from __future__ import annotations

from typing import Any

from quizzes.api import controls_json
from quizzes.views.words import authored_text


def controls_shown(kind: str, body: dict[str, Any], seed: int, slot: int) -> dict[str, Any]:
    """`controls_json` for the macro `controls`. Lists to choose from stay plain: browsers show nothing else in them."""
    controls = controls_json(kind, body, seed, slot)
    if "parts" in controls:
        return {**controls, "parts": [_marked_up(part) for part in controls["parts"]]}
    return _marked_up(controls)


def _marked_up(part: dict[str, Any]) -> dict[str, Any]:
    shown = dict(part)
    if "label" in part:
        shown["label"] = authored_text(part["label"])
    if "options" in part and part["control"] != "list":
        shown["options"] = [{**option, "text": authored_text(option["text"])} for option in part["options"]]
    return shown
