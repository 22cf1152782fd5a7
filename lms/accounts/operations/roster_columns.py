"""Which column of a roster is what: guessed, shown, corrected, remembered for the agency that sends such files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from lms.accounts.models import RosterColumns
from lms.accounts.queries.roster import remembered_columns
from lms.accounts.rules.roster.header import FIELD_NAMES, NOT_READ, find_roster_header, guessed_field, likely_header
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, DomainError
from lms.kit.sheets import Sheet, cell_text
from lms.kit.sheets.header import label_key
from lms.kit.sheets.legacy import to_unicode

SAMPLES = 3


@dataclass(slots=True)
class GuessedColumn:
    """A column by its label: what it is taken for ("": not read, "sensitive": dropped) and some of its values; none of sensitive ones."""

    key: str
    label: str
    field: str
    samples: list[str] = dataclasses.field(default_factory=list)


def guessed_columns(sheets: Iterable[Sheet], chosen: Mapping[str, str]) -> list[GuessedColumn]:
    """The columns of all visible sheets with a header or something like one, each label once."""
    found: dict[str, GuessedColumn] = {}
    for original in sheets:
        if original.hidden:
            continue
        sheet, _conversions = to_unicode(original)
        header = find_roster_header(sheet, chosen)
        if header is not None:
            fields = {column: name for name, column in header.columns.items()} | dict.fromkeys(header.sensitive, "sensitive")
            labels, keys, last = header.labels, header.keys, header.last_row
        else:
            row = likely_header(sheet)
            if row is None:
                continue
            labels = {column: cell_text(cell) for column, cell in enumerate(row.cells) if cell is not None}
            keys, last = {column: label_key(text) for column, text in labels.items()}, row.number
            fields = {column: guessed_field(text) for column, text in labels.items()}
        below = [row for row in sheet.rows if row.number > last][: SAMPLES * 4]
        for column, label in labels.items():
            guess = found.setdefault(keys[column], GuessedColumn(keys[column], label, fields.get(column, NOT_READ)))
            if guess.field != "sensitive" and not guess.samples:
                guess.samples = [text for row in below if (text := cell_text(row[column]))][:SAMPLES]
    return list(found.values())


def choose_columns(
    session: Session, actor: Actor, agency_id: UUID | None, chosen: Mapping[str, str], *, guessed: Mapping[str, str], at: datetime
) -> dict[str, str]:
    """Remember for an agency (None: for nobody) what a person said columns are. `guessed`: what they would be taken for otherwise; only
    what differs is kept. Returns all that holds for this file. Raises DomainError where no column holds names or two hold the same."""
    known = {key: name for key, name in chosen.items() if key in guessed and (name in FIELD_NAMES or name == NOT_READ)}
    fields = [name for name in {**guessed, **known}.values() if name not in (NOT_READ, "sensitive", "ignored")]
    twice = sorted({name for name in fields if fields.count(name) > 1})
    if twice:
        raise DomainError(
            N_("Hai cột cùng là “%(field)s”. Mỗi thông tin chỉ lấy từ một cột."), code="field_twice", field=FIELD_NAMES[twice[0]]
        )
    if "full_name" not in fields and not {"family_name", "given_name"} <= set(fields):
        raise DomainError(N_("Chưa có cột nào là “Họ và tên” (hoặc hai cột “Họ đệm” và “Tên”)."), code="no_name_column")
    differing = {key: name for key, name in known.items() if name != guessed[key]}
    stored = {**remembered_columns(session, agency_id), **differing} if agency_id else differing
    if agency_id is not None and differing:
        written = update(RosterColumns).where(RosterColumns.agency_id == agency_id).values(fields=stored, changed_at=at)
        changed = session.execute(written.returning(RosterColumns.agency_id)).all()
        if not changed:
            session.add(RosterColumns(agency_id=agency_id, fields=stored, changed_at=at))
        session.flush()
        audit.record(session, actor, "accounts.choose_roster_columns", agency_id, at, columns=differing)
    return stored
