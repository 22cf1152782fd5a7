"""What features add to pages of results: blocks of a page, and where a person's result leads to what it was made from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from lms.feature import Feature, HomePanel
from lms.kit.access import current_actor
from lms.results.queries import ActivityRow

PANELS = "reports.agency"


def origins(session: Session, activity: str, sources: Collection[UUID]) -> dict[UUID, str]:
    """Addresses, by source, of pages that tell what outcomes were made from; only those the reader may open."""
    features: tuple[Feature, ...] = current_app.extensions["lms.features"]
    found: dict[UUID, str] = {}
    for feature in features:
        for pages in feature.outcome_pages:
            found.update(pages(session, activity, sources))
    return found


def panels(session: Session, activity: ActivityRow, agency: UUID, at: datetime) -> list[HomePanel]:
    """What features say of an activity's people in an agency, such as how they are reminded. They are asked with `ACTIVITY~AGENCY`."""
    features: tuple[Feature, ...] = current_app.extensions["lms.features"]
    builders = [feature.page_panels[PANELS] for feature in features if PANELS in feature.page_panels]
    found = [build(session, current_actor(), f"{activity.key}~{agency}", at) for build in builders]
    return sorted((panel for panel in found if panel is not None), key=lambda panel: panel.order)
