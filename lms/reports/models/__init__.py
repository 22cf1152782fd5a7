"""Reports: what is frozen at the close of a quarter, what agencies said of it, and what became of it."""

from lms.reports.models.events import ReportEvent, ReportHappening
from lms.reports.models.files import ReportFile, SignedFile
from lms.reports.models.letters import AgencyAddress, ReportLetter
from lms.reports.models.plans import ReportPlan
from lms.reports.models.public_files import PublicFile, PublicRendering
from lms.reports.models.report import ONCE_PUBLIC, UNFINISHED, Installation, Report, ReportAgency, ReportState
from lms.reports.models.targets import CrossTabView, Target
from lms.reports.models.verdicts import AgencyVerdict, Verdict
from lms.reports.models.webhooks import WebhookDelivery, WebhookTarget

__all__ = [
    "ONCE_PUBLIC",
    "UNFINISHED",
    "AgencyAddress",
    "AgencyVerdict",
    "CrossTabView",
    "Installation",
    "PublicFile",
    "PublicRendering",
    "Report",
    "ReportAgency",
    "ReportEvent",
    "ReportFile",
    "ReportHappening",
    "ReportLetter",
    "ReportPlan",
    "ReportState",
    "SignedFile",
    "Target",
    "Verdict",
    "WebhookDelivery",
    "WebhookTarget",
]
