"""A short way for statements as most are: an agent did something with an activity, written without white space.

Whole statements never come twice, but their parts do: the same verb, the same activity with its definition, the same context activities,
the same learner. Such a part is checked by the rules like any other; that these very bytes passed, and what they say, is remembered. What
is put together here from parts has passed every check that `statements.check_statement` makes of the whole.

Nothing is refused here. Whatever is not as expected is left (`None`) to the long way, which accepts it or says where the fault is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from lms.lrs.rules import values
from lms.lrs.rules.activities import wording_digest
from lms.lrs.rules.actors import check_actor
from lms.lrs.rules.context import check_context
from lms.lrs.rules.facts import COMPLETED, Facts, Wordings
from lms.lrs.rules.faults import BadRequest
from lms.lrs.rules.objects import check_activity
from lms.lrs.rules.statements import VOIDED, check_result, check_verb
from lms.lrs.rules.strict_json import MAX_DEPTH, decode
from lms.lrs.rules.terms import TermKind, acting_keys, term_key
from lms.lrs.rules.versions import Version

_USUAL = frozenset(("id", "actor", "verb", "object", "result", "context", "timestamp", "version"))
_NEEDED = frozenset(("actor", "verb", "object"))
_USUAL_CONTEXT = frozenset(("registration", "contextActivities", "extensions", "language", "platform", "revision"))
_TEXTS = frozenset(("platform", "revision"))
_LONG = 2048  # octets; longer parts are not worth remembering
_PARTS = 4096  # remembered of each kind
_QUOTED_UUID = re.compile(rb'"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"')
_MOMENT = rb'"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?'
_MOMENTS = {  # version 2.0 gives back another zone's time in UTC, so that the text alone will not do
    Version.V1: re.compile(_MOMENT + rb'(?:Z|\+(?:[01][0-9]|2[0-3]):[0-5][0-9])"'),
    Version.V2: re.compile(_MOMENT + rb'Z"'),
}

Members = dict[str, msgspec.Raw]
Part = TypeVar("Part")
_decode_members = msgspec.json.Decoder(Members).decode
_encode = msgspec.json.Encoder().encode


def quick_facts(text: bytes, version: Version) -> Facts | None:
    """What is to be known of the statement that this UTF-8 is. None: not of the kind that is read here, valid or not."""
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH:
        return None
    try:
        members = _decode_members(text)
        if _encode(members) != text or not _NEEDED <= members.keys() <= _USUAL:  # also where a key stands there twice
            return None
        return _facts(members, version)
    except (BadRequest, msgspec.MsgspecError, RecursionError, ValueError, OverflowError):  # ValueError: a day that there is not
        return None


def _facts(members: Members, version: Version) -> Facts | None:
    verb, verb_key = _verb(members["verb"])
    activity, activity_keys, wordings = _activity(members["object"])
    if verb == VOIDED or activity is None:
        return None
    actor, actor_keys = _actor(members["actor"])
    context = _context(members["context"]) if "context" in members else (None, (), ())
    if context is None or not _are_shaped(members, version):
        return None
    registration, around_keys, around_wordings = context
    if "result" in members:
        check_result(decode(bytes(members["result"]).decode(), "result"), "result")
    return Facts(
        id=UUID(_unquoted(members["id"])) if "id" in members else None,
        actor=actor,
        verb=verb,
        activity=activity,
        registration=registration,
        timestamp=datetime.fromisoformat(_unquoted(members["timestamp"])).astimezone(UTC) if "timestamp" in members else None,
        target_id=None,
        voids=False,
        attaches=False,
        version=_version(members["version"], version) if "version" in members else version.of_statements,
        terms={verb_key, *actor_keys, *activity_keys, *around_keys},
        wordings=wordings + around_wordings,
        given=COMPLETED & members.keys(),
        rebuilt=False,
    )


def _are_shaped(members: Members, version: Version) -> bool:
    """The simple values that are no parts."""
    if "id" in members and not _QUOTED_UUID.fullmatch(members["id"]):
        return False
    return "timestamp" not in members or _MOMENTS[version].fullmatch(members["timestamp"]) is not None


def _unquoted(part: msgspec.Raw) -> str:
    return bytes(part)[1:-1].decode()


def _context(text: msgspec.Raw) -> tuple[str | None, Collection[str], Wordings] | None:
    """Its registration, and what its activities are found under and say."""
    members = _decode_members(text)
    if _encode(members) != bytes(text) or not members.keys() <= _USUAL_CONTEXT:
        return None
    registration: str | None = None
    keys: set[str] = set()
    wordings: Wordings = ()
    if "registration" in members:
        if not _QUOTED_UUID.fullmatch(members["registration"]):
            return None
        written = _unquoted(members["registration"]).lower()
        registration = written.replace("-", "")
        keys.add(term_key(TermKind.REGISTRATION, written))
    if "contextActivities" in members:
        around = _context_activities(members["contextActivities"])
        if around is None:
            return None
        keys |= around[0]
        wordings = around[1]
    if "extensions" in members:
        values.extensions(decode(bytes(members["extensions"]).decode(), "extensions"), "extensions")
    if "language" in members:
        values.language(msgspec.json.decode(members["language"]), "language")
    for key in _TEXTS & members.keys():
        values.text(msgspec.json.decode(members[key]), key)
    return registration, keys, wordings


def _remembered(read: Callable[[bytes], Part]) -> Callable[[msgspec.Raw], Part]:
    """Reads the same octets once; a fault is found again each time."""
    known = lru_cache(maxsize=_PARTS)(read)

    def reading(part: msgspec.Raw) -> Part:
        octets = bytes(part)
        return known(octets) if len(octets) <= _LONG else read(octets)

    return reading


@_remembered
def _verb(octets: bytes) -> tuple[str, str]:
    verb = check_verb(decode(octets.decode(), "verb"), "verb")
    return verb["id"], term_key(TermKind.VERB, verb["id"])


@_remembered
def _actor(octets: bytes) -> tuple[str | None, frozenset[str]]:
    actor = decode(octets.decode(), "actor")
    check_actor(actor, "actor")
    return acting_keys(actor)


@_remembered
def _activity(octets: bytes) -> tuple[str | None, tuple[str, ...], Wordings]:
    """Without an id where the object is none."""
    target = decode(octets.decode(), "object")
    if type(target) is not dict or target.get("objectType", "Activity") != "Activity":
        return None, (), ()
    check_activity(target, "object")
    keys = (term_key(TermKind.ACTIVITY, target["id"]), term_key(TermKind.RELATED_ACTIVITY, target["id"]))
    return target["id"], keys, _wordings(target)


@_remembered
def _context_activities(octets: bytes) -> tuple[frozenset[str], Wordings] | None:
    """None where one stands alone without its array: it is given back in one, so that its text alone will not do."""
    around = decode(octets.decode(), "contextActivities")
    check_context({"contextActivities": around}, "context", Version.V1, about_activity=True)
    if any(type(given) is dict for given in around.values()):
        return None
    activities = [activity for given in around.values() for activity in given]
    keys = frozenset(term_key(TermKind.RELATED_ACTIVITY, activity["id"]) for activity in activities)
    return keys, tuple(wording for activity in activities for wording in _wordings(activity))


def _wordings(activity: dict[str, Any]) -> Wordings:
    definition = activity.get("definition")
    return ((activity["id"], wording_digest(activity["id"], definition)),) if definition else ()


@lru_cache(maxsize=64)
def _known_version(octets: bytes, spoken: Version) -> str:
    return values.version(msgspec.json.decode(octets), "version", spoken)


def _version(part: msgspec.Raw, spoken: Version) -> str:
    return _known_version(bytes(part), spoken)
