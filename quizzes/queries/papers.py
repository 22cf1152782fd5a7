"""Papers this process has shown lately, remembered so that a save need not read them again.

What is remembered never changes: the form of an attempt, and the versions in a form once people sit it. Whose an attempt is, and whether it
takes answers, is asked of the database at each save.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any
from uuid import UUID

from quizzes.queries.attempts import Question

Paper = Mapping[int, tuple[str, dict[str, Any]]]
MOST_FORMS = 256
MOST_ATTEMPTS = 20_000

_lock = Lock()
_forms: OrderedDict[UUID, Paper] = OrderedDict()
_attempts: OrderedDict[tuple[UUID, UUID | None], UUID] = OrderedDict()


def remember_paper(attempt_id: UUID, person_id: UUID, form_id: UUID, questions: Mapping[int, Question]) -> None:
    """This person was shown this paper."""
    with _lock:
        if form_id not in _forms:
            _forms[form_id] = {slot: (question.kind, question.body) for slot, question in questions.items()}
        _forms.move_to_end(form_id)
        _attempts[attempt_id, person_id] = form_id
        _attempts.move_to_end((attempt_id, person_id))
        if len(_forms) > MOST_FORMS:
            _forms.popitem(last=False)
        if len(_attempts) > MOST_ATTEMPTS:
            _attempts.popitem(last=False)


def known_paper(attempt_id: UUID, person_id: UUID | None) -> Paper | None:
    """Kind and body by slot, if this process has shown this person the paper and remembers it."""
    form_id = _attempts.get((attempt_id, person_id))
    return None if form_id is None else _forms.get(form_id)
