"""The form that opens an invigilator's session."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from lms.accounts.queries.people import Choice
from lms.agencies.forms import AgencyField
from lms.agencies.forms.picker import Chosen
from lms.kit.forms import Needed, ShortForm


class SupervisionForm(ShortForm):
    """Which round, where, and the room's name. The agency is one of a list, or looked for where the list would be too long."""

    round = SelectField(_l("Đợt kiểm tra"), validators=[Needed(_l("Chọn đợt kiểm tra"))])
    agency = SelectField(_l("Cơ quan tổ chức phòng thi"), validators=[Needed(_l("Chọn cơ quan"))])
    sought = AgencyField(_l("Cơ quan tổ chức phòng thi"), validators=[Chosen(_l("Chọn cơ quan"))])
    place = StringField(_l("Phòng thi"), description=_l("Ví dụ: Phòng máy tầng 2, ca sáng"), validators=[Needed(_l("Ghi tên phòng thi"))])

    def __init__(self, rounds: Sequence[tuple[str, str]], agencies: Sequence[Choice] | None) -> None:
        super().__init__()
        self.round.choices = [SelectChoice(code, title) for code, title in rounds]
        self.looks_for_agency = agencies is None
        if agencies is None:
            del self.agency
        else:
            self.agency.choices = [SelectChoice(str(choice.id), choice.name) for choice in agencies]
            del self.sought

    @property
    def agency_id(self) -> UUID:
        """Of a form that was found valid."""
        return self.sought.data[0] if self.looks_for_agency else UUID(self.agency.data)
