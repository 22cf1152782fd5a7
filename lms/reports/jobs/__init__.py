"""The worker's part in a report's life."""

from lms.reports.jobs.life import LIFE_JOBS, LIFE_PERIODIC
from lms.reports.jobs.public_files import PUBLIC_JOBS, PUBLIC_PERIODIC
from lms.reports.jobs.spreading import SPREADING_JOBS, SPREADING_PERIODIC

JOBS = {**LIFE_JOBS, **PUBLIC_JOBS, **SPREADING_JOBS}
PERIODIC = (*LIFE_PERIODIC, *PUBLIC_PERIODIC, *SPREADING_PERIODIC)

__all__ = ["JOBS", "PERIODIC"]
