"""What the statement browser is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import DateField, StringField
from wtforms.validators import Optional

from lms.kit.clock import local_midnight
from lms.kit.forms import ShortForm
from lms.lrs.rules.parameters import Selection
from lms.lrs.rules.positions import first_position
from lms.lrs.rules.terms import TermKind, agent_identity, lower_domain, term

_DAYS = ["%d/%m/%Y", "%Y-%m-%d"]


class StatementFilterForm(ShortForm):
    class Meta(ShortForm.Meta):
        csrf = False

    LINE = 2000

    agent = StringField(_l("Người"), description=_l("Mã tài khoản, thư điện tử hoặc OpenID"))
    verb = StringField(_l("Động từ"), description=_l("Địa chỉ IRI"))
    activity = StringField(_l("Hoạt động"), description=_l("Địa chỉ IRI"))
    registration = StringField(_l("Lượt học, lượt thi"), description=_l("Mã registration (UUID)"))
    since = DateField(_l("Lưu từ ngày"), validators=[Optional()], format=_DAYS)
    until = DateField(_l("Đến hết ngày"), validators=[Optional()], format=_DAYS)


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """`faults`: whether something given makes no sense; then nothing is looked for."""

    form: StatementFilterForm
    zone: ZoneInfo
    faults: bool

    @classmethod
    def of(cls, given: MultiDict[str, str], zone: ZoneInfo) -> Self:
        form = StatementFilterForm(given)
        sound = form.validate()
        try:
            UUID(form.registration.data or str(UUID(int=0)))
        except ValueError:
            form.registration.errors = [*form.registration.errors, _l("registration là một UUID")]
            sound = False
        return cls(form, zone, not sound)

    def kept(self) -> Mapping[str, str]:
        """The parameters that the next page's address repeats."""
        return {field.name: field.raw_data[0] for field in self.form if field.raw_data and field.raw_data[0]}

    def selection(self, base_url: str, limit: int, after: UUID | None) -> Selection:
        form = self.form
        terms = [
            *([_agent(form.agent.data, base_url)] if form.agent.data else []),
            *([term(TermKind.REGISTRATION, form.registration.data.lower())] if form.registration.data else []),
            *([term(TermKind.ACTIVITY, form.activity.data)] if form.activity.data else []),
            *([term(TermKind.VERB, form.verb.data)] if form.verb.data else []),
        ]
        start = None if form.since.data is None else first_position(local_midnight(form.since.data, self.zone))
        end = None if form.until.data is None else first_position(local_midnight(_next(form.until.data), self.zone))
        return Selection(tuple(terms), start, end, limit=limit, cursor=after)


def _next(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _agent(text: str, base_url: str) -> UUID:
    """By an account here, another store's account (home page and name with a space between), a mail address or an OpenID."""
    home, space, name = text.partition(" ")
    if space:
        agent: dict[str, Any] = {"account": {"homePage": home, "name": name}}
    elif "@" in text and "/" not in text:
        agent = {"mbox": lower_domain(f"mailto:{text.removeprefix('mailto:')}")}
    elif "://" in text:
        agent = {"openid": text}
    else:
        agent = {"account": {"homePage": base_url, "name": text.lower()}}
    return term(TermKind.AGENT, agent_identity(agent) or "")
