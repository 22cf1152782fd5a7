"""Renderings: the stored one where there is one, else made from the frozen body, and all of a report's in one job."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.config import Settings
from lms.kit.clock import now
from lms.kit.jobs import JobRun
from lms.kit.unit import settings
from lms.reports.documents import Form, Kind, Variant, default_form, rebuild
from lms.reports.models.files import ReportFile
from lms.reports.queries import files
from lms.reports.queries.files import Source
from lms.reports.storage import FileStore

LEFT = timedelta(days=1)  # longer than anybody writes at a file
RENDERED = (Kind.PDF, Kind.XLSX)  # by the job; a draft for the e-office is made when somebody asks for it


def file_store(settings: Settings) -> FileStore:
    return FileStore(settings.data_dir / "reports")


def content_of(session: Session, store: FileStore, source: Source, *, kind: Kind, variant: Variant, form: Form) -> bytes:
    """The file to hand out. A stored one that is not whole is not served: it is made again."""
    sha256 = files.rendered(session, source.report_id, UUID(source.body.agency.id), kind=kind, variant=variant, form=form)
    kept = store.get(sha256) if sha256 else None
    return kept if kept is not None else make(source, kind, variant, form)


def make(source: Source, kind: Kind, variant: Variant, form: Form) -> bytes:
    return rebuild(kind, source.body, source.manifest, variant=variant, form=form, below=source.below)


def render_all(run: JobRun) -> Mapping[str, Any]:
    """One agency at a time, each in a transaction of its own, so that a worker that dies loses one agency's work, and memory holds one.

    Raises DomainError where the disk is full; the job may be run again and goes on where it stopped."""
    report_id, variant = UUID(run.payload["report"]), Variant(run.payload["variant"])
    store = file_store(settings())
    store.sweep(now() - LEFT)
    with run.database.reading() as session:
        agencies = files.agencies_in_order(session, report_id)
        there = files.stored_renderings(session, report_id, variant)
    made = 0
    for done, agency in enumerate(agencies):
        missing = [kind for kind in RENDERED if (agency, kind.value) not in there]
        if missing:
            _render(run, store, report_id, agency, variant=variant, kinds=missing)
            made += len(missing)
        if done % 10 == 0 or missing:
            run.progress(done + 1, len(agencies))
    run.progress(len(agencies), len(agencies))
    return {"agencies": len(agencies), "made": made}


def _render(run: JobRun, store: FileStore, report_id: UUID, agency: UUID, *, variant: Variant, kinds: list[Kind]) -> None:
    with run.database.reading() as session:
        source = files.source(session, report_id, agency, public=variant is Variant.PUBLIC)
    form = default_form(source.body)
    rows = []
    for kind in kinds:
        content = make(source, kind, variant, form)
        rows.append({"kind": kind.value, "sha256": store.put(content), "size": len(content)})
    with run.database.transaction() as session:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        whose = {"report_id": report_id, "agency_id": agency, "variant": variant.value, "form": form.value, "rendered_at": now()}
        session.execute(insert(ReportFile).values([{**whose, **row} for row in rows]).on_conflict_do_nothing())
    if source.below:
        del source
        gc.collect()
