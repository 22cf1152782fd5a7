"""Entering what happened to agencies: one form a kind of event, each the same paper with other facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from msgspec import UNSET
from wtforms import BooleanField, Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError

from lms.agencies.forms.fields import DayField
from lms.agencies.forms.picker import AgencyField, Chosen
from lms.agencies.queries import VersionOnDay
from lms.agencies.rules.events import (
    Abolition,
    Amendment,
    Change,
    Code,
    Consolidation,
    Details,
    Division,
    Establishment,
    Founding,
    Merger,
    Recoding,
)
from lms.agencies.rules.kinds import (
    BLOCK_NAMES,
    KIND_NAMES,
    LEVEL_NAMES,
    SCHEME_NAMES,
    AgencyKind,
    CodeScheme,
    Decision,
    EventKind,
    kind_of_name,
    usual_block,
    usual_level,
)
from lms.kit.errors import DomainError
from lms.kit.forms import BaseForm, Needed
from lms.kit.i18n import translated
from lms.kit.ids import uuid7
from lms.kit.vietnamese import clean


class ChangeForm(BaseForm):
    """What every event has: its day, the decision it rests on. Subclasses add the facts and say what they amount to."""

    kind: ClassVar[EventKind]
    subject: ClassVar[str] = "agency"  # the field an agency's own page fills in

    on = DayField(
        _l("Ngày hiệu lực"),
        validators=[Needed(_l("Chưa nhập ngày hiệu lực"))],
        description=_l("Ngày đầu tiên của tổ chức mới. Ví dụ: 01/07/2025"),
    )
    decision_number = StringField(
        _l("Số quyết định, nghị quyết"), validators=[Needed(_l("Chưa nhập số quyết định"))], description=_l("Ví dụ: 1683/NQ-UBTVQH15")
    )
    decision_date = DayField(_l("Ngày ban hành"), validators=[Needed(_l("Chưa nhập ngày ban hành"))], description=_l("Ví dụ: 16/06/2025"))
    note = TextAreaField(_l("Ghi chú"))

    original: Details | None = None  # what is being corrected: what the form does not ask for stays as it was
    versions: Mapping[UUID, VersionOnDay] = {}  # the agencies chosen, on the day

    def correct(self, details: Details, number: str | None, dated: date | None) -> None:
        """Made for an event that was recorded. Where that rests on no decision, as a file may leave it open, none is asked for."""
        self.original = details
        for field, said in ((self.decision_number, number), (self.decision_date, dated)):
            if not said:
                field.validators = ()
                field.flags.optional = True

    @property
    def pickers(self) -> list[AgencyField]:
        return [field for field in self if isinstance(field, AgencyField)]

    def details(self) -> Details:
        """What the facts amount to. Raises DomainError."""
        raise NotImplementedError

    def read(self, details: Any) -> None:
        """Fill the facts in from a recorded event."""
        raise NotImplementedError

    def change(self, ordinal: int | None = None) -> Change:
        """After validation. Raises DomainError."""
        assert self.on.day is not None
        decision = Decision(self.decision_number.data or None, self.decision_date.day, self.note.data or None)
        return Change(self.on.day, self.details(), decision, ordinal)

    def place(self, refusal: DomainError) -> None:
        """Put a refusal at the field it is about; where it is about none of them, at the first fact."""
        fallback = self.pickers[0].name if self.pickers else "on"
        aliases = {"agency": self.subject, "agencies": self.subject, "predecessors": self.subject}
        name = refusal.field or fallback
        field = self[name] if name in self else self[aliases.get(name, fallback)]
        field.errors = [*field.errors, translated(refusal)]


class FoundingFields(ChangeForm):
    """The facts of a new agency."""

    new_agency = HiddenField(default=lambda: str(uuid7()))
    name = StringField(_l("Tên đơn vị mới"), validators=[Needed(_l("Chưa nhập tên đơn vị"))])
    short_name = StringField(_l("Tên viết tắt"))
    code = StringField(_l("Mã định danh"), description=_l("Theo Quyết định 20/2020/QĐ-TTg. Ví dụ: H55.242"))
    parent = AgencyField(_l("Cơ quan chủ quản"), description=_l("Để trống nếu là đơn vị cao nhất"))
    agency_kind = SelectField(_l("Loại"), default="", choices=lambda: [("", _("Theo tên đơn vị")), *choices_of(KIND_NAMES)])
    block = SelectField(_l("Khối"), default="", choices=lambda: [("", _("Theo loại và cơ quan chủ quản")), *choices_of(BLOCK_NAMES)])
    level = SelectField(_l("Cấp"), default="", choices=lambda: [("", _("Theo loại và cơ quan chủ quản")), *choices_of(LEVEL_NAMES)])

    def founding(self, type_: type[Founding] = Founding) -> Founding:
        parent = self.versions.get(self.parent.one) if self.parent.one else None
        name = clean(self.name.data or "")
        kind = AgencyKind(self.agency_kind.data) if self.agency_kind.data else kind_of_name(name)
        kept = self._recorded()
        other = tuple(code for code in kept.codes if code.scheme != CodeScheme.QD20) if kept else ()
        code = clean(self.code.data or "").upper()
        return type_(
            agency=identity(self.new_agency.data),
            name=name,
            short_name=self.short_name.data or None,
            kind=kind.value,
            block=self.block.data or str(usual_block(kind, parent.block if parent else None)),
            level=self.level.data or str(usual_level(kind, parent.level if parent else None)),
            parent=self.parent.one,
            legal_basis=None,
            codes=((Code(CodeScheme.QD20.value, code),) if code else ()) + other,
        )

    def read_founding(self, founding: Founding) -> None:
        self.new_agency.data = str(founding.agency)
        self.name.data, self.short_name.data = founding.name, founding.short_name
        self.code.data = next((code.code for code in founding.codes if code.scheme == CodeScheme.QD20), "")
        self.parent.data = [founding.parent] if founding.parent else []
        self.agency_kind.data, self.block.data, self.level.data = founding.kind, founding.block, founding.level

    def _recorded(self) -> Founding | None:
        if isinstance(self.original, Consolidation):
            return self.original.founding
        return self.original if isinstance(self.original, Founding) else None


class EstablishForm(FoundingFields):
    kind = EventKind.ESTABLISH
    subject = "parent"

    def details(self) -> Details:
        founding = self.founding(Establishment)
        assert isinstance(founding, Establishment)
        return founding

    def read(self, details: Establishment) -> None:
        self.read_founding(details)


class RenameForm(ChangeForm):
    kind = EventKind.RENAME

    agency = AgencyField(_l("Đơn vị đổi tên"), validators=[Chosen(_l("Chưa chọn đơn vị"))])
    name = StringField(_l("Tên mới"), validators=[Needed(_l("Chưa nhập tên mới"))])
    short_name = StringField(_l("Tên viết tắt mới"), description=_l("Để trống nếu giữ nguyên"))

    def details(self) -> Details:
        kept = _kept(self.original)
        return Amendment(**{**kept, "agency": needed(self.agency), "name": self.name.data, "short_name": self.short_name.data or UNSET})

    def read(self, details: Amendment) -> None:
        self.agency.data, self.name.data = [details.agency], details.name
        self.short_name.data = details.short_name if isinstance(details.short_name, str) else ""


class MoveForm(ChangeForm):
    kind = EventKind.MOVE

    agency = AgencyField(_l("Đơn vị chuyển"), validators=[Chosen(_l("Chưa chọn đơn vị"))])
    parent = AgencyField(_l("Cơ quan chủ quản mới"), description=_l("Để trống nếu từ ngày đó không còn cơ quan chủ quản"))

    def details(self) -> Details:
        return Amendment(**{**_kept(self.original), "agency": needed(self.agency), "parent": self.parent.one})

    def read(self, details: Amendment) -> None:
        self.agency.data = [details.agency]
        self.parent.data = [details.parent] if isinstance(details.parent, UUID) else []


class ReviseForm(ChangeForm):
    kind = EventKind.REVISE

    agency = AgencyField(_l("Đơn vị"), validators=[Chosen(_l("Chưa chọn đơn vị"))])
    short_name = StringField(_l("Tên viết tắt"), description=_l("Để trống nếu giữ nguyên"))
    agency_kind = SelectField(_l("Loại"), default="", choices=lambda: [("", _("Giữ nguyên")), *choices_of(KIND_NAMES)])
    block = SelectField(_l("Khối"), default="", choices=lambda: [("", _("Giữ nguyên")), *choices_of(BLOCK_NAMES)])
    level = SelectField(_l("Cấp"), default="", choices=lambda: [("", _("Giữ nguyên")), *choices_of(LEVEL_NAMES)])

    def validate_agency_kind(self, field: Field) -> None:
        if not (field.data or self.block.data or self.level.data or self.short_name.data):
            raise ValidationError(_("Chưa có gì thay đổi. Nhập tên viết tắt mới, hoặc chọn loại, khối hay cấp mới."))

    def details(self) -> Details:
        return Amendment(
            agency=needed(self.agency),
            short_name=self.short_name.data or UNSET,
            kind=self.agency_kind.data or UNSET,
            block=self.block.data or UNSET,
            level=self.level.data or UNSET,
            legal_basis=UNSET,
        )

    def read(self, details: Amendment) -> None:
        self.agency.data = [details.agency]
        for field, value in (
            (self.short_name, details.short_name),
            (self.agency_kind, details.kind),
            (self.block, details.block),
            (self.level, details.level),
        ):
            field.data = value if isinstance(value, str) else ""


class RecodeForm(ChangeForm):
    kind = EventKind.RECODE

    agency = AgencyField(_l("Đơn vị đổi mã"), validators=[Chosen(_l("Chưa chọn đơn vị"))])
    scheme = SelectField(_l("Hệ thống mã"), default=CodeScheme.QD20.value, choices=lambda: choices_of(SCHEME_NAMES))
    code = StringField(_l("Mã mới"), description=_l("Để trống nếu từ ngày đó thôi dùng mã này"))
    beside = BooleanField(_l("Dùng song song với mã đang có"))

    def details(self) -> Details:
        code = clean(self.code.data or "").upper() or None
        return Recoding(agency=needed(self.agency), scheme=self.scheme.data, code=code, beside=bool(self.beside.data and code))

    def read(self, details: Recoding) -> None:
        self.agency.data, self.scheme.data, self.code.data, self.beside.data = (
            [details.agency],
            details.scheme,
            details.code,
            details.beside,
        )


class MergeForm(ChangeForm):
    kind = EventKind.MERGE
    subject = "agencies"

    agencies = AgencyField(_l("Các đơn vị sáp nhập (sẽ kết thúc)"), validators=[Chosen(_l("Chưa chọn đơn vị sáp nhập"))], multiple=True)
    into = AgencyField(_l("Đơn vị tiếp nhận (tiếp tục hoạt động)"), validators=[Chosen(_l("Chưa chọn đơn vị tiếp nhận"))])

    def details(self) -> Details:
        return Merger(agencies=tuple(self.agencies.data), into=needed(self.into), children=children_recorded(self.original))

    def read(self, details: Merger) -> None:
        self.agencies.data, self.into.data = list(details.agencies), [details.into]


class ConsolidateForm(FoundingFields):
    kind = EventKind.CONSOLIDATE
    subject = "agencies"

    agencies = AgencyField(_l("Các đơn vị hợp nhất (sẽ kết thúc)"), validators=[Chosen(_l("Chưa chọn đơn vị hợp nhất"))], multiple=True)

    def validate_agencies(self, field: AgencyField) -> None:
        if len(field.data) == 1:
            raise ValidationError(_("Hợp nhất cần từ hai đơn vị trở lên. Một đơn vị đổi tên thì chọn Đổi tên."))

    def details(self) -> Details:
        return Consolidation(agencies=tuple(self.agencies.data), founding=self.founding(), children=children_recorded(self.original))

    def read(self, details: Consolidation) -> None:
        self.agencies.data = list(details.agencies)
        self.read_founding(details.founding)


class AbolishForm(ChangeForm):
    kind = EventKind.ABOLISH

    agency = AgencyField(_l("Đơn vị giải thể"), validators=[Chosen(_l("Chưa chọn đơn vị"))])
    heir_of_children = AgencyField(
        _l("Các đơn vị trực thuộc chuyển về"), description=_l("Chỉ cần khi còn đơn vị trực thuộc. Tất cả chuyển về cơ quan này.")
    )
    children: tuple[UUID, ...] = ()  # directly below on the day, as the view found them

    def details(self) -> Details:
        heir = self.heir_of_children.one
        placed = {**dict.fromkeys(self.children, heir)} if heir else {}
        return Abolition(agency=needed(self.agency), children={**children_recorded(self.original), **placed})

    def read(self, details: Abolition) -> None:
        self.agency.data = [details.agency]
        heirs = {heir for heir in details.children.values() if heir}
        self.heir_of_children.data = list(heirs) if len(heirs) == 1 else []


def choices_of(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(str(value), _(name)) for value, name in names.items()]


def needed(field: AgencyField) -> UUID:
    assert field.one is not None  # the form was validated
    return field.one


def identity(text: str) -> UUID:
    """A new agency's id, made when the form was first shown, so that what is confirmed is what was previewed."""
    try:
        return UUID(text)
    except ValueError:
        return uuid7()


def children_recorded(original: Details | None) -> dict[UUID, UUID | None]:
    if isinstance(original, Merger | Consolidation | Division | Abolition):
        return dict(original.children)
    return {}


def _kept(original: Details | None) -> dict[str, Any]:
    """What a recorded amendment changed besides what its form asks for."""
    return (
        {} if not isinstance(original, Amendment) else {name: value for name, value in original.changes().items() if name != "legal_basis"}
    )
