"""What a package brings when it plugs into the house. The house asks for nothing else, so anyone can write one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from flask import Blueprint
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from lms.kit.actors import Actor, Role, Scope
from lms.kit.clock import Quarter
from lms.kit.following import AgencyFollower, CompetenceSource, GroupUser, PersonFollower
from lms.kit.jobs import JobHandler, Periodic
from lms.kit.naming import Namer
from lms.kit.notices import NoticeSource

StatementBuilder = Callable[[Session, Mapping[str, Any], datetime], list[dict[str, Any]]]
"""(session, reference kept in the outbox, when it happened) → xAPI statements, with the same ids however often it is asked."""

WaitingCounter = Callable[[Session, Scope, datetime], int]
"""(session, scope of the link's permission, now) → how many things wait there."""

PanelBuilder = Callable[[Session, Actor, datetime], "HomePanel | None"]

PagePanelBuilder = Callable[[Session, Actor, str, datetime], "HomePanel | None"]
"""(session, who looks, code of what the page is about, now) → a block for another package's page."""


OutcomePages = Callable[[Session, str, Collection[UUID]], Mapping[UUID, str]]
"""(session, key of an activity, sources of its outcomes) → addresses of the pages that tell what they were made from, by source; only
those the one who looks may open."""


@dataclass(frozen=True, slots=True)
class FirstPage:
    """A page people must have seen before all others. `unseen`: given the column of a person, has that person still to see it? It is
    asked within the statement that finds the account, so it must cost one look-up."""

    endpoint: str
    unseen: Callable[[ColumnElement[UUID]], ColumnElement[bool]]


class Section(StrEnum):
    """A heading of the managing page."""

    PEOPLE = "people"
    TESTS = "tests"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A link shown to those who hold `permission`; `label` and `about` (one sentence) are lazy translations. `waiting` counts what waits
    there for the one who looks; the managing page shows it.

    Without `section` it belongs to the main bar; with one, to the managing page, and to the bar as well where `in_bar`.
    """

    label: Any
    endpoint: str
    permission: str
    order: int = 50
    section: Section | None = None
    about: Any = None
    in_bar: bool = True
    waiting: WaitingCounter | None = None

    @classmethod
    def managing(
        cls, section: Section, label: Any, endpoint: str, permission: str, *, about: Any, order: int, waiting: WaitingCounter | None = None
    ) -> NavigationItem:
        """A link of the managing page alone."""
        return cls(label, endpoint, permission, order, section, about, in_bar=False, waiting=waiting)


@dataclass(frozen=True, slots=True)
class HomePanel:
    """A block of the first page: a template and what it shows."""

    template: str
    context: Mapping[str, Any]
    order: int = 50


@dataclass(frozen=True, slots=True)
class DemoProvince:
    """What a feature's demonstration data may build on: quarters that are over, the one that is open, chance from a
    seed, and people (`newcomers`) who have done nothing yet in the open one."""

    past: tuple[Quarter, ...]
    current: Quarter
    seed: int
    zone: ZoneInfo
    at: datetime
    newcomers: frozenset[UUID]


Check = Callable[[], str]
"""What is well, in a few words; raises with how to mend it where something is not. Carried out by `lms doctor`."""

TrainingSource = Callable[[], Select[tuple[UUID, datetime]]]
"""Everybody who finished something that counts as training: the person, and the moment. One may be there more than once."""

CourseCheck = Callable[[Sequence[Any], Any, date], tuple[Any, dict[str, dict[str, int]]]]
"""(courses as written, what they are held to, today) → findings, and what there is of each (`courses.checking.CourseCheck`)."""

DemoStep = Callable[[DemoProvince], None]
"""Adds a feature's demonstration data in transactions of its own."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A package's contributions; every field but the name may stay empty."""

    name: str
    blueprints: tuple[Blueprint, ...] = ()
    permissions: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    province_wide: frozenset[str] = frozenset()  # permissions that know no scope: only a role over the whole province carries them
    permission_names: Mapping[str, Any] = field(default_factory=dict)
    navigation: tuple[NavigationItem, ...] = ()
    home_panels: tuple[PanelBuilder, ...] = ()
    page_panels: Mapping[str, PagePanelBuilder] = field(default_factory=dict)  # by the endpoint of the page that shows them
    outcome_pages: tuple[OutcomePages, ...] = ()
    first_pages: tuple[FirstPage, ...] = ()
    commands: tuple[click.Command, ...] = ()
    jobs: Mapping[str, JobHandler] = field(default_factory=dict)
    periodic: tuple[Periodic, ...] = ()
    demo_steps: tuple[DemoStep, ...] = ()
    statement_builders: Mapping[str, StatementBuilder] = field(default_factory=dict)
    agency_followers: tuple[AgencyFollower, ...] = ()
    person_followers: tuple[PersonFollower, ...] = ()
    group_users: tuple[GroupUser, ...] = ()
    audit_names: Mapping[str, Any] = field(default_factory=dict)  # what each action it records is called, lazy translations
    namers: tuple[Namer, ...] = ()
    notices: tuple[NoticeSource, ...] = ()
    trainings: tuple[TrainingSource, ...] = ()  # who finished a training, and when
    competences: tuple[CompetenceSource, ...] = ()  # how people did by topic in the activities it gives
    course_checks: tuple[CourseCheck, ...] = ()  # what it holds courses to in `lms courses check`
    checks: Mapping[str, Check] = field(default_factory=dict)  # lines of `lms doctor`, by name


def merged(features: Iterable[Feature], attribute: str) -> dict[str, Any]:
    """All features' entries of one mapping. Raises ValueError where two features claim a name."""
    result: dict[str, Any] = {}
    for feature in features:
        for key, value in getattr(feature, attribute).items():
            if key in result:
                raise ValueError(f"{attribute}: {key!r} is brought by two features, the second is {feature.name!r}")
            result[key] = value
    return result
