"""Versions and codes as the believed events make them: written where they differ from what is stored, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyCode, AgencyVersion
from lms.agencies.rules.replay import CodeSpan, Tree, Version
from lms.kit.ids import uuid7
from lms.kit.vietnamese import clean, fold, sort_key

BATCH = 1000
VALUES = ("valid_from", "valid_to", "name", "short_name", "kind", "block", "level", "parent_id", "legal_basis")


def write_agencies(session: Session, tree: Tree, agencies: Iterable[UUID], at: datetime) -> tuple[int, int]:
    """Bring the stored versions and codes of some agencies to what the tree says. What no longer holds is superseded.
    Returns how many rows of versions and of codes began or ended."""
    ids = list(agencies)
    batches = [ids[start : start + 500] for start in range(0, len(ids), 500)]
    versions = sum(_write_versions(session, tree, batch, at) for batch in batches)
    codes = sum(_end_codes(session, tree, batch, at) for batch in batches)
    codes += sum(_begin_codes(session, tree, batch, at) for batch in batches)  # after all ends: a code may pass from one to another
    return versions, codes


def version_row(version: Version, codes: Iterable[CodeSpan], at: datetime) -> dict[str, Any]:
    name = clean(version.name)
    return {
        "id": uuid7(),
        "agency_id": version.agency,
        "name": name,
        "short_name": version.short_name,
        "kind": version.kind,
        "block": version.block,
        "level": version.level,
        "parent_id": version.parent,
        "legal_basis": version.legal_basis,
        "sort_key": sort_key(name),
        "search_text": search_text(version, codes),
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "recorded_at": at,
    }


def code_row(span: CodeSpan, at: datetime) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "agency_id": span.agency,
        "scheme": span.scheme,
        "code": span.code,
        "valid_from": span.valid_from,
        "valid_to": span.valid_to,
        "recorded_at": at,
    }


def search_text(version: Version, codes: Iterable[CodeSpan]) -> str:
    """What search finds a version by: its names and all codes borne on any of its days."""
    borne = [code.code for code in codes if code.valid_from < version.valid_to and version.valid_from < code.valid_to]
    return fold(" ".join(filter(None, (version.name, version.short_name, *dict.fromkeys(borne)))))


def _write_versions(session: Session, tree: Tree, agencies: Sequence[UUID], at: datetime) -> int:
    wanted = {
        tuple(row[field] for field in ("agency_id", *VALUES)): row
        for agency in agencies
        for version in tree.versions.get(agency, ())
        for row in (version_row(version, tree.codes.get(agency, ()), at),)
    }
    stale: list[UUID] = []
    found_otherwise: list[dict[str, Any]] = []
    for row in session.execute(
        select(
            AgencyVersion.id,
            AgencyVersion.search_text,
            AgencyVersion.agency_id,
            *(getattr(AgencyVersion, field) for field in VALUES),
        ).where(AgencyVersion.agency_id.in_(agencies), AgencyVersion.superseded_at.is_(None))
    ):
        held = wanted.pop(tuple(row[2:]), None)
        if held is None:
            stale.append(row[0])
        elif held["search_text"] != row[1]:
            found_otherwise.append({"version": row[0], "found_by": held["search_text"]})
    _supersede(session, AgencyVersion, stale, at)
    _insert(session, AgencyVersion, list(wanted.values()))
    if found_otherwise:  # what search finds it by follows from its codes and is no knowledge of its own
        session.connection().execute(
            update(AgencyVersion).where(AgencyVersion.id == bindparam("version")).values(search_text=bindparam("found_by")), found_otherwise
        )
    return len(stale) + len(wanted)


def _end_codes(session: Session, tree: Tree, agencies: Sequence[UUID], at: datetime) -> int:
    wanted = {span for agency in agencies for span in tree.codes.get(agency, ())}
    stale = [row_id for row_id, span in _stored_codes(session, agencies) if span not in wanted]
    _supersede(session, AgencyCode, stale, at)
    return len(stale)


def _begin_codes(session: Session, tree: Tree, agencies: Sequence[UUID], at: datetime) -> int:
    stored = {span for _, span in _stored_codes(session, agencies)}
    wanted = [span for agency in agencies for span in tree.codes.get(agency, ()) if span not in stored]
    _insert(session, AgencyCode, [code_row(span, at) for span in wanted])
    return len(wanted)


def _stored_codes(session: Session, agencies: Sequence[UUID]) -> list[tuple[UUID, CodeSpan]]:
    rows = session.execute(
        select(AgencyCode.id, AgencyCode.agency_id, AgencyCode.scheme, AgencyCode.code, AgencyCode.valid_from, AgencyCode.valid_to).where(
            AgencyCode.agency_id.in_(agencies), AgencyCode.superseded_at.is_(None)
        )
    )
    return [(row[0], CodeSpan(*row[1:])) for row in rows]


def _supersede(session: Session, model: type[AgencyVersion] | type[AgencyCode], ids: Sequence[UUID], at: datetime) -> None:
    for start in range(0, len(ids), 500):
        session.execute(update(model).where(model.id.in_(ids[start : start + 500])).values(superseded_at=at))


def _insert(session: Session, model: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    table = insert(model.__table__)  # past the unit of work, which makes an object's worth of each row
    for start in range(0, len(rows), BATCH):
        session.connection().execute(table, rows[start : start + BATCH])
