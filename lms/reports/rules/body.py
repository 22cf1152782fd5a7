"""The document that is kept of a report: one body an agency, and the manifest of the whole. Canonical JSON (RFC 8785) of integers and
strings only: rates are made from counts where they are shown, so that nothing here depends on rounding. Page, workbook, PDF and feeds
are made from these alone. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lms.kit.errors import N_, DomainError
from lms.reports.rules.ranking import Standing
from lms.results.rules import HISTOGRAM_BINS, Figures

__all__ = [
    "ALL_FIGURES",
    "FILE_SCHEMA",
    "LARGEST",
    "MANIFEST_SCHEMA",
    "SCHEMA",
    "UNIT",
    "AgencyBody",
    "AgencyHead",
    "Child",
    "Competence",
    "Mastery",
    "Place",
    "ReportHead",
    "Standing",
    "body_from",
    "body_text",
    "canonical",
    "file_parts",
    "read_body",
    "sha256",
]

SCHEMA = "congvu-lms/report/2"
MANIFEST_SCHEMA = "congvu-lms/report-manifest/2"
FILE_SCHEMA = "congvu-lms/report-file/2"
UNIT = "người"
ALL_FIGURES = "figures"  # withheld: everything that is counted in this agency
LARGEST = 2**53 - 1  # what every reader of JSON holds exactly


@dataclass(frozen=True, slots=True)
class ReportHead:
    """Of what activity and which revision, counted when and how, and by whose service: `installation` is drawn once for each. Days and
    moments are ISO 8601, moments in UTC."""

    id: str
    activity: str
    title: str
    period: str
    revision: int
    counted_on: str
    built_at: str
    rule_version: str
    settings: Mapping[str, Any]
    installation: str = ""
    base_url: str = ""


class Place(msgspec.Struct, frozen=True, gc=False):
    """An agency above, or the one itself, as it was called on the counting day."""

    id: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class AgencyHead:
    """The agency as it was on the counting day; `path` from the topmost down to its parent."""

    id: str
    code: str
    name: str
    block: str
    level: str
    size_class: str
    parent_id: str | None
    sort_key: str
    path: tuple[Place, ...] = ()


class Mastery(msgspec.Struct, frozen=True, gc=False):
    """Answers of a group of people to the questions of one topic: how many were right of how many, by how many people."""

    right: int
    answered: int
    people: int

    def __add__(self, other: Mastery) -> Mastery:
        return Mastery(self.right + other.right, self.answered + other.answered, self.people + other.people)


class Competence(msgspec.Struct, frozen=True, gc=False):
    """A topic, and how each position group did in it."""

    code: str
    name: str
    groups: Mapping[str, Mastery]


class Child(msgspec.Struct, frozen=True, gc=False):
    """An agency right below: what a table of the parent shows of it."""

    id: str
    code: str
    name: str
    block: str
    level: str
    sort_key: str
    figures: Figures
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class AgencyBody:
    """All that a report says of one agency. `figures` with all below it, `own` without; `exclusions` people by reason; `histogram` standing
    scores in tenths of the scale. `comparison`: see `lms.reports.rules.comparison`; None where there is nothing to compare with.
    `withheld`: what the public may not see, as names of members (`figures`: nothing that is counted; `groups.N1`; `competences.AT.N1`)."""

    report: ReportHead
    agency: AgencyHead
    figures: Figures
    own: Figures
    groups: Mapping[str, Figures]
    exclusions: Mapping[str, int] = field(default_factory=dict)
    histogram: tuple[int, ...] = (0,) * HISTOGRAM_BINS
    competences: tuple[Competence, ...] = ()
    children: tuple[Child, ...] = ()
    standing: Standing | None = None
    comparison: Mapping[str, Any] | None = None
    withheld: tuple[str, ...] = ()

    @property
    def is_withheld(self) -> bool:
        """May the public see no figure of this agency?"""
        return ALL_FIGURES in self.withheld


def canonical(value: Any) -> str:
    """RFC 8785 for what we keep: objects, lists, strings, whole numbers, booleans and null. Raises ValueError for anything else.

    Keys here are of the basic plane, where the order of code points is the order the RFC asks for."""
    _refuse_inexact(value)
    return msgspec.json.encode(value, order="sorted").decode()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def body_text(body: AgencyBody) -> str:
    """The canonical text of a body: the same for the same body, everywhere and for ever. Its types hold whole numbers and strings alone,
    which is not looked at again for each of thousands of bodies."""
    values = {
        "schema": SCHEMA,
        "unit": UNIT,
        "report": body.report,
        "agency": body.agency,
        "figures": body.figures,
        "own": body.own,
        "groups": body.groups,
        "exclusions": body.exclusions,
        "histogram": body.histogram,
        "competences": body.competences,
        "children": body.children,
        "standing": body.standing,
        "comparison": body.comparison,
        "public": {"withheld": body.withheld},
    }
    return msgspec.json.encode(values, order="sorted").decode()


def read_body(text: str) -> AgencyBody:
    """Read a body back. Raises DomainError for what is none."""
    try:
        return body_from(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise DomainError(N_("Tệp này không phải nội dung báo cáo của một cơ quan."), code="not_a_report") from error


def body_from(values: Mapping[str, Any]) -> AgencyBody:
    """Raises ValueError, KeyError or TypeError for what is no body."""
    if values["schema"] != SCHEMA:
        raise ValueError(values["schema"])
    agency = dict(values["agency"])
    agency["path"] = tuple(Place(**place) for place in agency["path"])
    return AgencyBody(
        report=ReportHead(**values["report"]),
        agency=AgencyHead(**agency),
        figures=Figures.from_dict(values["figures"]),
        own=Figures.from_dict(values["own"]),
        groups={group: Figures.from_dict(figures) for group, figures in values["groups"].items()},
        exclusions=dict(values["exclusions"]),
        histogram=tuple(values["histogram"]),
        competences=tuple(
            Competence(one["code"], one["name"], {group: Mastery(**part) for group, part in one["groups"].items()})
            for one in values["competences"]
        ),
        children=tuple(
            Child(**{**child, "figures": Figures.from_dict(child["figures"]), "standing": _standing(child["standing"])})
            for child in values["children"]
        ),
        standing=_standing(values["standing"]),
        comparison=values["comparison"],
        withheld=tuple(values["public"]["withheld"]),
    )


def file_parts(manifest: str, bodies: Iterable[str]) -> Iterator[str]:
    """The whole report as one canonical file, in pieces: canonical texts put together in the order of their keys stay canonical."""
    yield '{"agencies":['
    between = ""
    for body in bodies:
        yield between + body
        between = ","
    yield f'],"manifest":{manifest},"schema":"{FILE_SCHEMA}"}}'


def _standing(values: Mapping[str, Any] | None) -> Standing | None:
    return None if values is None else Standing(**values)


def _refuse_inexact(value: Any) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError(f"too large to be exact everywhere: {value}")
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                raise ValueError(f"not the name of a member: {key!r}")
            _refuse_inexact(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _refuse_inexact(part)
    else:
        raise ValueError(f"not exact: {value!r}")
