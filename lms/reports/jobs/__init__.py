"""The worker's part in a report's life."""

from lms.reports.jobs.life import LIFE_JOBS, LIFE_PERIODIC

JOBS = {**LIFE_JOBS}
PERIODIC = (*LIFE_PERIODIC,)

__all__ = ["JOBS", "PERIODIC"]
