"""The kinds of question, by name. A new kind is a new file and a line here."""

from __future__ import annotations

from quizzes.kinds.base import Kind
from quizzes.kinds.cloze import Cloze
from quizzes.kinds.essay import Essay
from quizzes.kinds.hotspot import Hotspot
from quizzes.kinds.matching import Matching
from quizzes.kinds.multiple_choice import MultipleChoice
from quizzes.kinds.numeric import Numeric
from quizzes.kinds.ordering import Ordering
from quizzes.kinds.short_answer import ShortAnswer
from quizzes.kinds.single_choice import SingleChoice
from quizzes.kinds.statement_group import StatementGroup
from quizzes.kinds.true_false import TrueFalse

_ALL: tuple[Kind, ...] = (
    SingleChoice(),
    MultipleChoice(),
    TrueFalse(),
    StatementGroup(),
    Matching(),
    Ordering(),
    Numeric(),
    ShortAnswer(),
    Cloze(),
    Hotspot(),
    Essay(),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
MARKED_BY_HAND = frozenset(kind.name for kind in _ALL if kind.marked_by_hand)
