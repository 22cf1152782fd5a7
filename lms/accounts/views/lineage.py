"""What has become of an agency: in which agencies of today it lives on, and with how many of its people."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from lms.accounts.queries.lineage import people_lineage
from lms.accounts.views.door import blueprint
from lms.agencies import queries as tree
from lms.agencies.queries.changes import ever_within
from lms.kit.access import requires, scope_of
from lms.kit.clock import local_date, now
from lms.kit.forms import BaseForm
from lms.kit.sheets.values import parse_day
from lms.kit.unit import reading, settings


class LineageForm(BaseForm):
    """Between which days."""

    class Meta(BaseForm.Meta):
        csrf = False  # a GET form changes nothing

    since = StringField(_l("Người của đơn vị vào ngày"))
    on = StringField(_l("Nay ở đâu vào ngày"))

    def day(self, name: str, default: date) -> date:
        """The day typed; the default where it is empty or wrong, which the field's errors then say."""
        try:
            return parse_day(self[name].data) or default
        except ValueError:
            self[name].errors = [_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 30/06/2025.")]
            return default


@blueprint.get("/manage/agencies/<uuid:agency_id>/lineage")
@requires("agencies.view")
def lineage(agency_id: UUID) -> str:
    """The number of statements does not depend on how many people or heirs there are."""
    form, scope = LineageForm(request.args), scope_of("agencies.view")
    today = local_date(now(), settings().zone)
    with reading() as session:
        begin, end = tree.life_of(session, agency_id, scope)
        on = form.day("on", today)
        since = min(max(form.day("since", end - timedelta(days=1) if end <= on else begin), begin), end - timedelta(days=1))
        name = tree.agency_names(session, [agency_id], since).get(agency_id, "")
        people = people_lineage(session, agency_id, since, on, scope)
        decided = tree.successors_on(session, agency_id, on, since)
        visible = ever_within(session, [*(heir.id for heir in decided), *(heir.agency_id for heir in people.heirs)], scope)
    for field, day in ((form.since, since), (form.on, on)):
        if not field.errors:
            field.data = f"{day:%d/%m/%Y}"
    return render_template(
        "accounts/lineage.html",
        form=form,
        agency_id=agency_id,
        name=name,
        since=since,
        on=on,
        people=people,
        decided=decided,
        visible=visible,
    )
