"""The kinds of question, by name. A new kind is a new file and a line here."""

from __future__ import annotations

from quizzes.kinds.base import Kind
from quizzes.kinds.multiple_choice import MultipleChoice
from quizzes.kinds.single_choice import SingleChoice
from quizzes.kinds.true_false import TrueFalse

KINDS: dict[str, Kind] = {kind.name: kind for kind in (SingleChoice(), MultipleChoice(), TrueFalse())}
