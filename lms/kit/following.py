"""What a package does when something it hangs on changes below it. Agencies end and live on in others; persons turn out to be one,
ask for what is kept about them, or are to be forgotten. The package that owns the change must not know who else is concerned, so
every feature may bring followers, and each database session carries them in `info`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit.actors import Actor
from lms.kit.competences import CompetenceCell

CompetenceSource = Callable[[Session, str, datetime], Iterable[CompetenceCell] | None]
"""(session, key of the activity, as known when) → its cells; None for an activity of somebody else."""

PEOPLE = "people"
RETURNING = "returning"


@dataclass(frozen=True, slots=True)
class Consequence:
    """One line of a preview. `text` is a template marked with N_(), filled from `values`; `count` is how many are touched, and of
    what. What `hinders` must be settled first: `follow` would refuse."""

    text: str
    count: int
    values: Mapping[str, Any] = field(default_factory=dict)
    of: str = ""  # PEOPLE, where people change their agency; RETURNING, where they go back; empty for whatever no page sums up
    hinders: bool = False


@dataclass(frozen=True, slots=True)
class AgencyTurn:
    """What an event does to agencies from the day `on`: `heirs` says in whom each ended agency lives on (None: in nobody);
    `touched` are all agencies whose place or name changes, heirs and those below them included. `replaces`: the event it corrects, which
    is still in force while consequences are foreseen."""

    event_id: UUID
    on: date
    heirs: Mapping[UUID, UUID | None]
    touched: frozenset[UUID]
    replaces: UUID | None = None


class AgencyFollower(Protocol):
    """What hangs on agencies: postings, roles, rounds."""

    def foresee(self, session: Session, turn: AgencyTurn) -> Sequence[Consequence]:
        """What `follow` would do, and what else the one who decides should know. Only reads."""

    def foresee_return(self, session: Session, event_id: UUID) -> Sequence[Consequence]:
        """What `take_back` would do. Only reads."""

    def follow(self, session: Session, actor: Actor, turn: AgencyTurn, at: datetime) -> None:
        """Carry the change on, in its transaction."""

    def take_back(self, session: Session, actor: Actor, event_id: UUID, at: datetime) -> None:
        """Undo what `follow` did for an event that is withdrawn. Raises Conflict where later work has been built on it."""


class Rows(Protocol):
    """Rows of plain values: how many, and one after the other."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sequence[Any]]: ...


@dataclass(frozen=True, slots=True)
class RowsAsRead:
    """Rows that are fetched while they are walked, while the session they come from is open; how many there are is known before."""

    count: int
    fetch: Callable[[], Iterator[Sequence[Any]]]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Sequence[Any]]:
        return self.fetch()


@dataclass(frozen=True, slots=True)
class PersonalSection:
    """A part of a person's own file: a heading and rows of plain values, ready for JSON and for reading."""

    heading: str
    columns: Sequence[str]
    rows: Rows


class PersonFollower(Protocol):
    """What is kept about persons."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        """All that is kept about a person, for their own file. Headings and columns are marked with N_()."""

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """Make what belongs to `absorbed` belong to `kept`. Returns how much of what was carried over, for the audit."""

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Take away what tells who the person was; what is counted stays, under the pseudonym."""


class GroupUser(Protocol):
    """What names groups of staff without the database knowing it."""

    def uses(self, session: Session, code: str) -> Sequence[Consequence]:
        """What names the group. Only reads."""


@dataclass(frozen=True, slots=True)
class Followers:
    agencies: tuple[AgencyFollower, ...] = ()
    persons: tuple[PersonFollower, ...] = ()
    groups: tuple[GroupUser, ...] = ()
    competences: tuple[CompetenceSource, ...] = ()  # asked, not told: how people did by topic


def followers_of(session: Session) -> Followers:
    """Who follows, as the application put it together."""
    return cast(Followers, session.info.get("followers") or Followers())


def competence_sources(session: Session) -> tuple[CompetenceSource, ...]:
    """Who can tell how people did by topic."""
    return followers_of(session).competences
