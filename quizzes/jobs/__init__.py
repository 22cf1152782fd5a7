"""The worker's part, a file for each subject."""

from quizzes.jobs import bank, course_tests, forms, interchange, rounds, rulings, sittings

JOBS = {**rounds.JOBS, **forms.JOBS, **sittings.JOBS, **interchange.JOBS, **rulings.JOBS}
PERIODIC = (*sittings.PERIODIC, *rounds.PERIODIC, *forms.PERIODIC, *bank.PERIODIC, *course_tests.PERIODIC)
BUILDERS = sittings.BUILDERS

__all__ = ["BUILDERS", "JOBS", "PERIODIC"]
