"""Statements as they come: what a course of cmi5, a video player, a test and a signing service send."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

ADL = "http://adlnet.gov/expapi/verbs/"
CMI5 = "https://w3id.org/xapi/cmi5"
VIDEO = "https://w3id.org/xapi/video"
COURSE = "https://lms.tinh.gov.vn/courses/an-toan-thong-tin"
JSON = dict[str, Any]


def random_id(chance: Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def actor(number: int) -> JSON:
    return {"objectType": "Agent", "account": {"homePage": "https://lms.tinh.gov.vn", "name": f"nv-{number:06d}"}}


def _cmi5(chance: Random, verb: str, **more: Any) -> JSON:
    return {
        "id": random_id(chance),
        "actor": actor(chance.randrange(25_000)),
        "verb": {"id": f"{ADL}{verb}", "display": {"en": verb}},
        "object": {
            "id": f"{COURSE}/bai-{chance.randrange(40)}",
            "objectType": "Activity",
            "definition": {
                "type": f"{CMI5}/activitytype/course" if verb == "satisfied" else "http://adlnet.gov/expapi/activities/lesson",
                "name": {"vi": "Nhận biết thư giả mạo", "en": "Recognising phishing"},
                "description": {"vi": "Dấu hiệu của thư giả mạo và cách báo cáo"},
            },
        },
        "context": {
            "registration": random_id(chance),
            "contextActivities": {
                "category": [{"id": f"{CMI5}/context/categories/cmi5"}, {"id": f"{CMI5}/context/categories/moveon"}],
                "grouping": [{"id": COURSE}],
            },
            "extensions": {f"{CMI5}/context/extensions/sessionid": random_id(chance)},
        },
        "timestamp": "2026-11-22T09:21:07.125Z",
        **more,
    }


def launched(chance: Random) -> JSON:
    """What a course says before its content begins."""
    statement = _cmi5(chance, "launched")
    extensions = statement["context"]["extensions"]
    extensions |= {
        f"{CMI5}/context/extensions/launchmode": "Normal",
        f"{CMI5}/context/extensions/launchurl": f"{COURSE}/bai-1/index.html",
        f"{CMI5}/context/extensions/moveon": "CompletedOrPassed",
        f"{CMI5}/context/extensions/launchparameters": "",
    }
    return statement


def initialized(chance: Random) -> JSON:
    return _cmi5(chance, "initialized")


def completed(chance: Random) -> JSON:
    return _cmi5(chance, "completed", result={"completion": True, "duration": "PT12M30S"})


def passed(chance: Random) -> JSON:
    score = {"scaled": 0.87, "raw": 26.1, "min": 0, "max": 30}
    return _cmi5(chance, "passed", result={"success": True, "duration": "PT12M30.25S", "score": score})


def terminated(chance: Random) -> JSON:
    return _cmi5(chance, "terminated", result={"duration": "PT14M2S"})


def _video(chance: Random, verb: str, **more: float | str) -> JSON:
    return {
        "id": random_id(chance),
        "actor": {"mbox": f"mailto:nv{chance.randrange(25_000)}@tinh.gov.vn", "name": "Nguyễn Văn An", "objectType": "Agent"},
        "verb": {"id": f"{VIDEO}/verbs/{verb}", "display": {"en-US": verb}},
        "object": {
            "id": f"{COURSE}/video-{chance.randrange(20)}",
            "definition": {
                "name": {"vi": "Phim về mật khẩu"},
                "type": f"{VIDEO}/activity-type/video",
            },
        },
        "result": {"extensions": {f"{VIDEO}/extensions/{name}": value for name, value in more.items()}},
        "context": {
            "language": "vi",
            "contextActivities": {"category": [{"id": VIDEO, "definition": {"type": "http://adlnet.gov/expapi/activities/profile"}}]},
            "extensions": {
                f"{VIDEO}/extensions/length": 312.4,
                f"{VIDEO}/extensions/session-id": random_id(chance),
                f"{VIDEO}/extensions/volume": 0.8,
            },
        },
        "timestamp": "2026-11-22T16:21:07.125+07:00",
    }


def played(chance: Random) -> JSON:
    return _video(chance, "played", time=12.25)


def seeked(chance: Random) -> JSON:
    span: dict[str, float | str] = {"time-from": 44.1, "time-to": 51.0}
    return _video(chance, "seeked", **span)


def paused(chance: Random) -> JSON:
    watched: dict[str, float | str] = {"played-segments": "0[.]44.1[,]51[.]118.5", "progress": 0.379}
    return _video(chance, "paused", time=118.5, **watched)


def answered(chance: Random) -> JSON:
    """A question with its choices."""
    statement = _cmi5(chance, "answered", result={"response": "b[,]d", "success": False, "duration": "PT41.3S"})
    statement["object"]["definition"] |= {
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "interactionType": "choice",
        "correctResponsesPattern": ["b[,]c"],
        "choices": [{"id": key, "description": {"vi": f"Phương án {key}: một câu trả lời có thể đúng"}} for key in "abcd"],
    }
    return statement


def group_reviewed(chance: Random) -> JSON:
    """A statement within a statement, an instructor and a team."""
    team = {"objectType": "Group", "name": "Tổ 1", "member": [actor(chance.randrange(25_000)) for _ in range(6)]}
    return {
        "actor": actor(chance.randrange(25_000)),
        "verb": {"id": "http://activitystrea.ms/schema/1.0/review", "display": {"en": "reviewed"}},
        "object": {
            "objectType": "SubStatement",
            "actor": actor(chance.randrange(25_000)),
            "verb": {"id": f"{ADL}attempted", "display": {"en": "attempted"}},
            "object": {"id": f"{COURSE}/bai-{chance.randrange(40)}"},
        },
        "context": {"instructor": actor(1), "team": team, "registration": random_id(chance)},
    }


def with_attachments(chance: Random) -> JSON:
    """Two files by their addresses."""
    files = [
        {
            "usageType": "http://adlnet.gov/expapi/attachments/certificate",
            "display": {"vi": "Giấy chứng nhận", "en": "Certificate"},
            "contentType": "application/pdf",
            "length": 48_211,
            "sha2": hashlib.sha256(bytes([number])).hexdigest(),
            "fileUrl": f"https://lms.tinh.gov.vn/files/{number}.pdf",
        }
        for number in range(2)
    ]
    return {**passed(chance), "attachments": files}


def signed(chance: Random) -> JSON:
    """As it looks when a signature comes with it: the attachment's description (its bytes are checked apart, see `--validation`)."""
    statement = passed(chance)
    header = base64.urlsafe_b64encode(b'{"alg":"RS256"}').rstrip(b"=")
    payload = base64.urlsafe_b64encode(json.dumps(statement).encode()).rstrip(b"=")
    token = header + b"." + payload + b"." + base64.urlsafe_b64encode(bytes(256)).rstrip(b"=")
    attachment = {
        "usageType": "http://adlnet.gov/expapi/attachments/signature",
        "display": {"en": "Signature"},
        "contentType": "application/octet-stream",
        "length": len(token),
        "sha2": hashlib.sha256(token).hexdigest(),
        "fileUrl": "https://lms.tinh.gov.vn/files/signature.jws",
    }
    return {**statement, "attachments": [attachment]}


TEN: tuple[Callable[[Random], JSON], ...] = (
    initialized,
    completed,
    passed,
    terminated,
    played,
    paused,
    answered,
    group_reviewed,
    with_attachments,
    signed,
)


REAL = (launched, initialized, completed, passed, played, seeked, paused, answered, with_attachments, signed)  # for `--validation`


def typical(chance: Random) -> JSON:
    """One as a course sends most of: without attachments."""
    return chance.choice(TEN[:7])(chance)


def text(statement: object) -> bytes:
    return json.dumps(statement, ensure_ascii=False, separators=(",", ":")).encode()
