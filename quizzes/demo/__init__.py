"""What the demonstration has of tests and questions."""

from quizzes.demo.bank import add_drafts
from quizzes.demo.rounds import add_rounds

STEPS = (add_rounds, add_drafts)

__all__ = ["STEPS"]
