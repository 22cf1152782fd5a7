"""Choosing agencies among thousands without a script: search words, a button, then the agencies found to tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from wtforms import Field
from wtforms.validators import ValidationError

from lms.kit.vietnamese import clean


@dataclass(frozen=True, slots=True)
class Choice:
    """An agency to tick: its name, and code and parent so that namesakes are told apart."""

    id: UUID
    name: str
    note: str


class Chosen:
    """At least one agency must be chosen; a choice that could not be read has said so already."""

    def __init__(self, message: Any) -> None:
        self.message = message

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data and not field.process_errors:
            raise ValidationError(str(self.message))


class AgencyField(Field):  # type: ignore[misc]
    """Agencies by id; `data` is a list, of one at most unless `multiple`. Beside it the browser sends `<name>-q`, the words searched.

    The view fills `chosen` and `found` before the field is shown."""

    def __init__(self, label: Any = None, validators: Any = None, *, multiple: bool = False, **options: Any) -> None:
        super().__init__(label, validators, **options)
        self.multiple = multiple
        self.search = ""
        self.data: list[UUID] = []
        self.chosen: Sequence[Choice] = ()
        self.found: Sequence[Choice] | None = None

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        super().process(formdata, data if isinstance(data, list) else [], extra_filters)
        self.search = clean(formdata.get(f"{self.name}-q", "")) if formdata else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            values = list(dict.fromkeys(UUID(value) for value in valuelist if value))
        except ValueError as error:
            raise ValueError(_("Có đơn vị không còn trong hệ thống. Tìm và chọn lại.")) from error
        self.data = values if self.multiple else values[:1]

    @property
    def one(self) -> UUID | None:
        return self.data[0] if self.data else None

    @property
    def asks(self) -> bool:
        """Words to search for were typed and nothing is chosen yet: who presses Enter there means the search."""
        return bool(self.search) and not self.data
