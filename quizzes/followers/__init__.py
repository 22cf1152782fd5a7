"""What this feature does when agencies, persons or groups change below it."""

from quizzes.followers import bank, disputes, sittings
from quizzes.followers.agencies import RoundsUnderWay
from quizzes.followers.groups import AudiencesOfRounds

OF_AGENCIES = (RoundsUnderWay(),)
OF_PERSONS = (sittings.follower, bank.follower, disputes.follower)
OF_GROUPS = (AudiencesOfRounds(),)

__all__ = ["OF_AGENCIES", "OF_GROUPS", "OF_PERSONS"]
