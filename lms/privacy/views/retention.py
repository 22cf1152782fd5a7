"""How long things are kept, and what was thrown away when."""

from __future__ import annotations

from flask import render_template
from flask_babel import gettext as _

from lms.kit.access import requires
from lms.kit.clock import now
from lms.kit.unit import reading, settings
from lms.privacy import queries
from lms.privacy.operations.retention import due
from lms.privacy.rules.retention import BY_NAME, periods
from lms.privacy.views.door import blueprint
from lms.privacy.views.notice import kept_rows


@blueprint.get("/manage/retention")
@requires("privacy.view_retention")
def retention() -> str:
    """The periods, how much is due at the next run, and the last runs."""
    with reading() as session:
        waiting = due(session, periods(settings().retention), now())
        runs = queries.retention_runs(session)
    rows = [{**row, "due": waiting.get(row["name"])} for row in kept_rows()]
    told = [
        {
            "day": f"{run.day:%d/%m/%Y}",
            "state": {"tag": {"text": _("Xong"), "kind": "done"} if run.finished_at else {"text": _("Đang chạy"), "kind": "active"}},
            "what": "; ".join(f"{_(BY_NAME[name].what)}: {count}" for name, count in run.counts.items() if count)
            or _("Không có gì đến hạn"),
        }
        for run in runs
    ]
    return render_template("privacy/retention.html", kept=rows, runs=told)
