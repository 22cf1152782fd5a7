"""Groups of staff in the quarter's tests: a round says for whom it is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.errors import N_
from lms.kit.following import Consequence
from quizzes.models import Round


class AudiencesOfRounds:
    """Rounds held or to be held for certain groups."""

    def uses(self, session: Session, code: str) -> Sequence[Consequence]:
        """A province holds four rounds a year: they are looked through one by one."""
        named = sum(code in audience.get("groups", ()) for audience in session.scalars(select(Round.audience)))
        text = N_("Nhóm %(group)s thuộc đối tượng của %(count)s kỳ kiểm tra nên không xóa được; có thể ngừng dùng nhóm này.")
        return [Consequence(text, named)]
