"""Entering a split: the new agencies it makes, those that take a part, and what of the agencies below goes where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, FieldList, FormField, HiddenField, StringField
from wtforms.validators import ValidationError

from lms.agencies.forms.changes import ChangeForm, children_recorded, identity, needed
from lms.agencies.forms.fields import percent
from lms.agencies.forms.picker import AgencyField, Choice, Chosen
from lms.agencies.queries import VersionOnDay
from lms.agencies.rules.events import Code, Details, Division, Founding, Part
from lms.agencies.rules.kinds import CodeScheme, EventKind, kind_of_name, usual_block, usual_level
from lms.kit.forms import BaseForm
from lms.kit.ids import uuid7
from lms.kit.vietnamese import clean

PARTS = 4  # new agencies one split makes


class PlacesField(Field):  # type: ignore[misc]
    """Where each agency below goes: `data` by its id, the number of a new agency or the id of one that exists. One that is not named
    goes with the heir, or stays. Sent as one value for each, `<name>-<id>`."""

    def __init__(self, label: Any = None, validators: Any = None, **options: Any) -> None:
        super().__init__(label, validators, **options)
        self.data: dict[UUID, str] = {}

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        super().process(None, data if isinstance(data, dict) else {}, extra_filters)
        self.data = dict(self.data or {})
        for key in formdata or ():
            child = _id(key.removeprefix(f"{self.name}-")) if key.startswith(f"{self.name}-") else None
            if child is not None and (value := clean(formdata.get(key, ""))):
                self.data[child] = value


class PartForm(BaseForm):
    """A new agency that a split makes: what else it is, it has from the one that is split."""

    class Meta(BaseForm.Meta):
        csrf = False  # part of a form that has its token

    new_agency = HiddenField(default=lambda: str(uuid7()))
    name = StringField(_l("Tên đơn vị mới"))
    code = StringField(_l("Mã định danh"))
    share = StringField(_l("Tỷ lệ người nhận (%)"), description=_l("Theo quyết định, nếu có. Ví dụ: 40"))

    def validate_share(self, field: Field) -> None:
        percent(field.data)


class SplitForm(ChangeForm):
    kind = EventKind.SPLIT

    agency = AgencyField(_l("Đơn vị chia tách"), validators=[Chosen(_l("Chưa chọn đơn vị"))])
    parts = FieldList(FormField(PartForm), min_entries=PARTS, max_entries=PARTS)
    receivers = AgencyField(_l("Đơn vị đang có nhận một phần"), multiple=True)
    places = PlacesField(_l("Đơn vị trực thuộc về đâu"))
    survives = BooleanField(_l("Đơn vị được chia tách vẫn tiếp tục hoạt động"))

    children: Sequence[Choice] = ()  # directly below before the split, as the view found them

    def validate_receivers(self, field: AgencyField) -> None:
        if not field.data and not any(part.form.name.data for part in self.parts):
            raise ValidationError(_("Chưa có đơn vị nào nhận. Nhập tên đơn vị mới hoặc chọn đơn vị đang có."))

    def validate_places(self, field: PlacesField) -> None:
        for value in field.data.values():
            part = self.new_part(value)
            if part is not None and not part.name.data:
                raise ValidationError(
                    _("Có đơn vị trực thuộc chuyển về một đơn vị mới chưa có tên. Nhập tên đơn vị mới hoặc chọn nơi khác.")
                )
            if part is None and _id(value) not in self.receivers.data:
                raise ValidationError(_("Có đơn vị trực thuộc chuyển về nơi không nhận phần nào. Chọn lại."))

    def new_part(self, place: str) -> PartForm | None:
        """The new agency a place stands for."""
        return next((part.form for number, part in enumerate(self.parts) if str(number) == place), None)

    @property
    def place_choices(self) -> list[tuple[str, str]]:
        """Where an agency below may go, as far as the form is filled in."""
        usual = _("Ở lại đơn vị được chia tách") if self.survives.data else _("Theo phần lớn nhất")
        named = [(str(number), part.form.name.data) for number, part in enumerate(self.parts) if part.form.name.data]
        return [("", usual), *named, *((str(receiver.id), receiver.name) for receiver in self.receivers.chosen)]

    def details(self) -> Details:
        agency = needed(self.agency)
        was = self.versions.get(agency)
        shares = {part.agency: part.share for part in self.original.parts} if isinstance(self.original, Division) else {}
        new = [self._part(part.form, was) for part in self.parts if part.form.name.data]
        old = [Part(agency=receiver, share=shares.get(receiver)) for receiver in self.receivers.data]
        return Division(agency=agency, parts=(*new, *old), survives=bool(self.survives.data), children=self._children())

    def read(self, details: Division) -> None:
        self.agency.data, self.survives.data = [details.agency], details.survives
        self.receivers.data = [part.agency for part in details.parts if part.founding is None]
        new = [part for part in details.parts if part.founding is not None]
        numbers = {part.agency: str(number) for number, part in enumerate(new)}
        self.places.data = {child: numbers.get(parent, str(parent)) for child, parent in details.children.items() if parent}
        for entry, part in zip(self.parts, new, strict=False):
            assert part.founding is not None
            entry.form.new_agency.data, entry.form.name.data = str(part.agency), part.founding.name
            entry.form.code.data = next((code.code for code in part.founding.codes if code.scheme == CodeScheme.QD20), "")
            entry.form.share.data = f"{100 * part.share:g}".replace(".", ",") if part.share is not None else ""

    def _children(self) -> dict[UUID, UUID | None]:
        listed = {child.id for child in self.children}
        recorded = {child: parent for child, parent in children_recorded(self.original).items() if child not in listed}
        return {**recorded, **{child: self._place(value) for child, value in self.places.data.items() if child in listed}}

    def _place(self, value: str) -> UUID | None:
        part = self.new_part(value)
        return _id(value) if part is None else identity(part.new_agency.data)

    def _part(self, form: PartForm, was: VersionOnDay | None) -> Part:
        name, code = clean(form.name.data), clean(form.code.data or "").upper()
        kind = kind_of_name(name)
        founding = Founding(
            agency=identity(form.new_agency.data),
            name=name,
            kind=str(was.kind if was else kind),
            block=str(was.block if was else usual_block(kind, None)),
            level=str(was.level if was else usual_level(kind, None)),
            parent=was.parent_id if was else None,
            codes=(Code(CodeScheme.QD20.value, code),) if code else (),
        )
        return Part(agency=founding.agency, founding=founding, share=percent(form.share.data))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
