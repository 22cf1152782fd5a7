"""The commands of this feature."""

from quizzes.cli.questions import questions_group
from quizzes.cli.rounds import rounds_group

COMMANDS = (questions_group, rounds_group)

__all__ = ["COMMANDS", "questions_group", "rounds_group"]
