"""Everything the public fetches of a report is rendered once, some files at a time, so that a worker that dies loses few of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from lms.kit.clock import now
from lms.kit.jobs import JobHandler, JobRun, Periodic
from lms.kit.unit import reading, transaction
from lms.reports.feeds.addresses import all_places
from lms.reports.feeds.rendering import current_rendering, known_publication, make_file
from lms.reports.models import Report, ReportState
from lms.reports.operations.public_files import RENDERING, ask_public_files, drop_old_files, finish_files, store_files
from lms.reports.queries.public import has_old_files, stored_paths, unrendered

AT_ONCE = 50


def render_public(run: JobRun) -> Mapping[str, Any]:
    """What is there already is left as it is. A report that is public no longer needs nothing."""
    report_id, rendering = UUID(run.payload["report"]), str(run.payload["rendering"])
    if rendering != current_rendering():  # asked for by a version of the programme that is gone
        return {"report": str(report_id), "files": 0}
    with run.database.reading() as session:
        report = session.get(Report, report_id)
        if report is None or report.state != ReportState.PUBLISHED:
            return {"report": str(report_id), "files": 0}
        told = known_publication(session, report)
        there = stored_paths(session, report_id, rendering)
    places = list(all_places(told.quarter, list(told.by_code)))
    missing = [place for place in places if place.path not in there]
    run.progress(len(places) - len(missing), len(places))
    for start in range(0, len(missing), AT_ONCE):
        rows = []
        for place in missing[start : start + AT_ONCE]:
            file = make_file(told, place)
            what = {"media_type": file.media_type, "etag": file.etag, "is_packed": file.is_packed, "content": file.content}
            rows.append({"path": place.path, **what})
        with run.database.transaction() as session:
            store_files(session, report_id, rendering, rows)
        run.progress(len(places) - len(missing) + start + len(rows), len(places))
    with run.database.transaction() as session:
        finish_files(session, report_id, rendering, now())
    return {"report": str(report_id), "files": len(missing)}


def keep_rendered(at: datetime) -> None:
    """See that all public reports are rendered by this version of the programme, and that nothing old is kept."""
    rendering = current_rendering()
    with reading() as session:
        waiting, old = unrendered(session, rendering), has_old_files(session, rendering)
    if waiting or old:
        with transaction() as session:
            for report_id in waiting:
                ask_public_files(session, report_id, rendering, at)
            if old:
                drop_old_files(session, rendering)


PUBLIC_JOBS: Mapping[str, JobHandler] = {RENDERING: render_public}
PUBLIC_PERIODIC = (Periodic(name="reports.keep_rendered", seconds=60, run=keep_rendered),)
