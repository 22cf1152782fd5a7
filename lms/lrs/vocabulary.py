"""The words of our own xAPI statements and the one place where they are put together with building.

Statements are plain dictionaries from here on. Every id is derived from what happened, so building the same statement twice gives the
same id and storing it twice changes nothing. tincan rewrites moments and durations and refuses identifiers newer than RFC 4122;
those few values are therefore written into the dictionary as they must be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from lms.lrs import building

XAPI_VERSION = "1.0.3"
PLATFORM = "Công vụ LMS"
LANGUAGE = "vi"
ADL = "http://adlnet.gov/expapi"
# Share of a course or lesson that is done, whole per cent 0–100 (cmi5).
PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
# From which scaled score on a sitting is passed, 0–1 (cmi5).
MASTERY_SCORE = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore"

# Our own profile (docs/xapi-profile.jsonld): every statement names its version, as the profile specification asks.
PROFILE = "https://congvu-lms/xapi/profile"
PROFILE_VERSION = f"{PROFILE}/v1"
COURSE_VERSION = f"{PROFILE}/extensions/course-version"
ATTEMPT = f"{PROFILE}/extensions/attempt"
CORRECTED_BECAUSE = f"{PROFILE}/extensions/corrected-because"
SIGN_IN_METHOD = f"{PROFILE}/extensions/sign-in-method"

_STATEMENTS = uuid5(NAMESPACE_URL, "https://congvu-lms/xapi/statements")
_REGISTRATIONS = uuid5(NAMESPACE_URL, "https://congvu-lms/xapi/registrations")


@dataclass(frozen=True, slots=True)
class Verb:
    """An IRI others know, and how it reads."""

    iri: str
    vi: str
    en: str


LAUNCHED = Verb(f"{ADL}/verbs/launched", "đã mở", "launched")
INITIALIZED = Verb(f"{ADL}/verbs/initialized", "đã bắt đầu", "initialized")
PROGRESSED = Verb(f"{ADL}/verbs/progressed", "đã tiến tới", "progressed")
COMPLETED = Verb(f"{ADL}/verbs/completed", "đã học xong", "completed")
ANSWERED = Verb(f"{ADL}/verbs/answered", "đã trả lời", "answered")
PASSED = Verb(f"{ADL}/verbs/passed", "đã đạt", "passed")
FAILED = Verb(f"{ADL}/verbs/failed", "chưa đạt", "failed")

LOGGED_IN = Verb("https://w3id.org/xapi/adl/verbs/logged-in", "đã đăng nhập", "logged in")

APPLICATION = "http://activitystrea.ms/schema/1.0/application"
PROFILE_ACTIVITY = f"{ADL}/activities/profile"
COURSE = f"{ADL}/activities/course"
LESSON = f"{ADL}/activities/lesson"
ASSESSMENT = f"{ADL}/activities/assessment"
INTERACTION = f"{ADL}/activities/cmi.interaction"


def activity_iri(base_url: str, *path: str) -> str:
    """The stable address of something one can do: `activity_iri(base, "courses", "CB1", "01-bai")`."""
    return f"{base_url}/xapi/activities/{'/'.join(path)}"


def statement_id(*facts: object) -> UUID:
    """The id of the statement about these facts: the same facts, in the same order, always give the same id."""
    return uuid5(_STATEMENTS, "\n".join(str(fact) for fact in facts))


def registration_of(record_id: UUID) -> UUID:
    """The registration of an enrolment or attempt. Derived, because stores check against RFC 4122, which knows no version 7."""
    return uuid5(_REGISTRATIONS, str(record_id))


def timestamp(at: datetime) -> str:
    """A moment in UTC with milliseconds: `2026-11-22T09:21:07.125Z`. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"naive datetime: {at!r}")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_duration(length: timedelta) -> str:
    """Seconds to the hundredth, cut off, not rounded: `PT754.2S` (hundredths are what stores compare)."""
    hundredths = max(length, timedelta(0)) // timedelta(milliseconds=10)
    return f"PT{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".") + "S" if hundredths else "PT0S"


def actor_for(base_url: str, person_id: UUID) -> building.Agent:
    """A person as an account: an opaque name at this service, never a mail address or a number of theirs."""
    return building.Agent(account=building.AgentAccount(name=str(person_id), home_page=base_url))


def activity(
    iri: str,
    kind: str | None = None,
    name: Mapping[str, str] | None = None,
    description: Mapping[str, str] | None = None,
    **interaction: Any,
) -> building.Activity:
    """An activity. `kind` is a type IRI, `name` and `description` language maps; `interaction` takes tincan's names
    (interaction_type, correct_responses_pattern, choices …). Only the IRI: a reference without definition."""
    if kind is None:
        return building.Activity(id=iri)
    texts = {key: building.LanguageMap(dict(value)) for key, value in (("name", name), ("description", description)) if value}
    return building.Activity(id=iri, definition=building.ActivityDefinition(type=kind, **texts, **interaction))


def statement(
    *,
    facts: Iterable[object],
    actor: building.Agent,
    verb: Verb,
    target: building.Activity,
    at: datetime,
    registration: UUID | None = None,
    parents: Iterable[building.Activity] = (),
    grouping: Iterable[building.Activity] = (),
    result: Mapping[str, Any] | None = None,
    duration: timedelta | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A whole statement, ready to be stored.

    `facts` make the id (see `statement_id`; the verb is added to them); `registration` is the enrolment's or attempt's own id, none for
    what belongs to neither; `result`
    takes tincan's names (completion, success, response, score={"scaled": 0.8, …}, extensions); `extensions` go into the context.
    """
    context = building.Context(language=LANGUAGE, platform=PLATFORM)
    around = {key: value for key, value in (("parent", list(parents)), ("grouping", list(grouping))) if value}
    context.context_activities = building.ContextActivities(category=[activity(PROFILE_VERSION, PROFILE_ACTIVITY)], **around)
    if extensions:
        context.extensions = building.Extensions(dict(extensions))
    built = building.Statement(
        actor=actor,
        verb=building.Verb(id=verb.iri, display=building.LanguageMap({"vi": verb.vi, "en": verb.en})),
        object=target,
        context=context,
        **({"result": building.Result(dict(result))} if result else {}),
    )
    values: dict[str, Any] = built.as_version(XAPI_VERSION)
    values["id"] = str(statement_id(verb.iri, *facts))
    values["timestamp"] = timestamp(at)
    values["version"] = XAPI_VERSION
    if registration is not None:
        values["context"]["registration"] = str(registration_of(registration))
    if duration is not None:
        values.setdefault("result", {})["duration"] = iso_duration(duration)
    return values
