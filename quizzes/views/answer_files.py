"""Opening sealed files of answers: whoever brings one, its answers are kept as late ones of the attempt they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from lms.kit.access import current_actor, may, scope_of
from lms.kit.actors import NotFound
from lms.kit.clock import local_date
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import settings, transaction, vault
from quizzes.operations.late import Kept, keep_late
from quizzes.queries.late import owner_of_attempt
from quizzes.rules.late import LateState
from quizzes.rules.sealed import LARGEST_FILE, open_file, purpose_of_key, read_file


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a file: `words`, or why it was `refused`."""

    name: str
    words: str = ""
    refused: str | None = None


def bring(files: Sequence[FileStorage], at: datetime, *, only: UUID | None = None) -> list[Told]:
    """Each file in a transaction of its own: a bad one does not stop the others. `only`: files of this attempt."""
    told = []
    for file in files:
        name = (file.filename or "")[:100]
        try:
            with transaction() as session:
                kept = _bring(session, file.stream.read(LARGEST_FILE + 1), at, only)
        except DomainError as refused:
            told.append(Told(name, refused=translated(refused)))
        except NotFound:
            told.append(Told(name, refused=_("Không có bài làm nào của tệp này trong phạm vi được giao.")))
        else:
            told.append(Told(name, words=_words(kept)))
        finally:
            file.close()
    return told


def _bring(session: Session, content: bytes, at: datetime, only: UUID | None) -> Kept:
    file = read_file(content)
    if only is not None and file.attempt != only:
        raise NotFound
    on = local_date(at, settings().zone)
    actor = current_actor()
    scope = scope_of("quizzes.invigilate") if only is None and may("quizzes.invigilate") else None
    owner = owner_of_attempt(session, file.attempt, actor.person_id, scope, on)
    opened = open_file(file, vault().key_for(purpose_of_key(file.attempt, owner)))
    return keep_late(session, actor, file.attempt, opened.answers, at, source="file")


def _words(kept: Kept) -> str:
    if kept.state == LateState.EMPTY:
        return str(_("Mọi câu trong tệp đã có trên máy chủ."))
    if kept.state in (LateState.TAKEN, LateState.ACCEPTED):
        return str(_("%(count)s câu đã được nhận và tính điểm.", count=kept.count))
    return str(_("Đã giữ %(count)s câu, chờ cơ quan tổ chức kiểm tra xem xét.", count=kept.count))
