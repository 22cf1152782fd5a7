"""The sitting for programs and for the page's own script: what comes in is checked, what goes out is built here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from flask import Response, jsonify, url_for
from flask_babel import gettext as _
from msgspec import Meta

from lms.kit.errors import N_, DomainError, TooLarge
from lms.kit.i18n import translated
from quizzes.kinds import KINDS
from quizzes.kinds.base import Choice, Part
from quizzes.kinds.essay import LONGEST
from quizzes.kinds.pictures import CIRCLE, POLY, RECT, Place, picture_of
from quizzes.operations.late import Kept
from quizzes.operations.saving import Answered, Saved
from quizzes.queries.attempts import AttemptView, Explained, Question
from quizzes.rules.late import LateAnswer
from quizzes.rules.sealed import moment
from quizzes.rules.sitting import SaveRefused, Stored, parts_for, question_order

LARGEST_BODY = 64 * 1024
TAGS = {RECT: "rect", CIRCLE: "circle", POLY: "polygon"}

Whole = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class ResponseIn(msgspec.Struct):
    """An answer as it is sent. `flagged`: marked by the person to be looked at again; `at`: when it was given by the device's clock, in
    milliseconds since 1970, for one that had to wait."""

    slot: Whole
    sequence: Annotated[int, Meta(ge=0, le=2**53)]
    answer: Annotated[list[Annotated[str, Meta(max_length=LONGEST)]], Meta(max_length=50)]
    flagged: bool = False
    at: Annotated[int, Meta(ge=0)] | None = None


class SaveIn(msgspec.Struct):
    """`clock`: what the device's clock shows as this is sent, in milliseconds since 1970."""

    takeover: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    responses: Annotated[list[ResponseIn], Meta(min_length=1, max_length=50)]
    clock: Annotated[int, Meta(ge=0)] | None = None

    @property
    def device_clock(self) -> datetime | None:
        return moment(self.clock)

    def late_answers(self) -> list[LateAnswer]:
        """The same answers as they are kept when the sitting takes no more. One without a time of its own was given as it was sent."""
        return [
            LateAnswer(one.slot, self.takeover, one.sequence, one.answer, one.flagged, moment(self.clock if one.at is None else one.at))
            for one in self.responses
        ]

    def answers(self) -> list[Answered]:
        return [Answered(slot=one.slot, sequence=one.sequence, answer=one.answer, flagged=one.flagged) for one in self.responses]


_decoder = msgspec.json.Decoder(SaveIn)
_PLACE = re.compile(r"at `\$\.?(.*)`$")


def read_save(body: bytes) -> SaveIn:
    """Raises TooLarge over 64 KB, DomainError `malformed` naming the field at fault."""
    if len(body) > LARGEST_BODY:
        raise too_large()
    try:
        return _decoder.decode(body)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
        place = _PLACE.search(str(error))
        if place is None:
            raise DomainError(N_("Dữ liệu gửi lên không phải JSON đúng dạng."), code="malformed") from None
        raise DomainError(N_("Dữ liệu gửi lên không đúng dạng ở “%(place)s”."), code="malformed", field=place[1], place=place[1]) from None


def too_large() -> TooLarge:
    return TooLarge(N_("Mỗi lần lưu gửi được tối đa 64 KB."), code="too_large")


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def saved_json(saved: Saved, at: datetime) -> Response:
    stored = [{"slot": slot, "takeover": takeover, "sequence": sequence} for slot, takeover, sequence in saved.stored]
    return jsonify(stored=stored, server_time=utc(at), seconds_left=saved.seconds_left)


def refused_json(refused: SaveRefused, at: datetime, late: Kept | None = None) -> Response:
    values: dict[str, Any] = {"error": {"code": refused.code, "message": translated(refused)}, "stored": stored_rows(refused.stored)}
    if late is not None:  # came too late, and is kept all the same
        values["late"] = {"kept": late.count, "state": late.state.value}
    response = jsonify(**values, server_time=utc(at))
    response.status_code = refused.status
    return response


def stored_rows(stored: Iterable[Stored]) -> list[dict[str, Any]]:
    return [
        {
            "slot": one.slot,
            "takeover": one.takeover,
            "sequence": one.sequence,
            "answer": one.answer,
            "flagged": one.flagged,
            "saved_at": utc(one.saved_at),
        }
        for one in stored
    ]


def choice_text(choice: Choice) -> str:
    """The words of an option: authored ones as they are, ours in the reader's language."""
    return str(_(choice.text)) if choice.ours else choice.text


def controls_json(kind: str, body: dict[str, Any], seed: int, slot: int) -> dict[str, Any]:
    """How a question is answered, in this attempt's order: one control beside the stem, or `parts`, some of them amid running `text`
    (pieces of text, and the id of a part in a list of one)."""
    parts = [_part_json(part) for part in parts_for(kind, body, seed, slot)]
    picture = picture_json(body)
    if len(parts) == 1 and not parts[0]["id"]:
        return {name: value for name, value in parts[0].items() if name != "id"} | picture
    text = KINDS[kind].text(body)
    return {"parts": parts, "text": text, **picture} if text else {"parts": parts, **picture}


def picture_json(body: dict[str, Any]) -> dict[str, Any]:
    """The question's `picture` with the places marked on it, where it has one."""
    picture = picture_of(body)
    if picture is None:
        return {}
    values: dict[str, Any] = {
        "src": url_for("media.picture", sha256=picture.sha256),
        "alt": picture.alt,
        "width": picture.width,
        "height": picture.height,
    }
    if picture.places:
        values["letters"] = picture.letter_size
        values["places"] = [_place_json(place) for place in picture.places]
    return {"picture": values}


def _place_json(place: Place) -> dict[str, Any]:
    """A place as SVG draws it: the element and its attributes."""
    names = {RECT: ("x", "y", "width", "height"), CIRCLE: ("cx", "cy", "r")}
    shape = {"points": place.points} if place.shape == POLY else dict(zip(names[place.shape], place.coords, strict=True))
    return {"id": place.id, "letter": place.letter, "x": place.x, "y": place.y, "tag": TAGS[place.shape], "shape": shape}


def _part_json(part: Part) -> dict[str, Any]:
    values: dict[str, Any] = {"id": part.id, "control": part.control}
    if part.label:
        values["label"] = str(_(part.label)) if part.ours else part.label
    if part.choices:
        values["options"] = [{"id": choice.id, "text": choice_text(choice)} for choice in part.choices]
    if part.unit:
        values["unit"] = part.unit
    if part.longest:
        values["longest"] = part.longest
    return values


def questions_json(attempt: AttemptView, paper: Mapping[int, Question]) -> list[dict[str, Any]]:
    """The paper in this attempt's order. Nothing here is read from a key."""
    return [
        {
            "slot": slot,
            "kind": paper[slot].kind,
            "stem": paper[slot].stem,
            **controls_json(paper[slot].kind, paper[slot].body, attempt.seed, slot),
        }
        for slot in question_order(attempt.seed, paper)
    ]


def attempt_json(
    attempt: AttemptView,
    paper: Mapping[int, Question],
    stored: Mapping[int, Stored],
    explained: Mapping[int, Explained] | None,
    *,
    takeover: int | None,
    at: datetime,
) -> dict[str, Any]:
    """An attempt as its person may see it now. `explained` is given only when the key may be seen."""
    may_see = attempt.visible(at)
    values: dict[str, Any] = {
        "id": str(attempt.id),
        "round": attempt.round_code,
        "title": attempt.title,
        "number": attempt.number,
        "state": attempt.state,
        "started_at": utc(attempt.started_at),
        "deadline": utc(attempt.deadline),
        "server_time": utc(at),
        "seconds_left": attempt.seconds_left(at) if may_see.answering else 0,
        "takeover": takeover,
        "questions": questions_json(attempt, paper),
        "stored": stored_rows(stored.values()),
    }
    if attempt.submitted_at is not None:
        values |= {"submitted_at": utc(attempt.submitted_at), "receipt": attempt.receipt}
    if may_see.score:
        assert attempt.score is not None  # held by the database: only while it waits to be marked has a finished attempt none
        values |= {
            "score": float(attempt.score),
            "passed": attempt.passed,
        }
    if explained is not None:
        for question in values["questions"]:
            with_key = explained[question["slot"]]
            question |= {
                "key": with_key.key,
                "explanation": with_key.explanation,
                "why": with_key.whys,
                "legal_basis": with_key.legal_basis,
                "points": None if with_key.points is None else float(with_key.points),
            }
    return values
