"""Who may come in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class Credential(Base):
    """A key to the store. The secret is shown once, when it is made."""

    __tablename__ = "xapi_credential"

    key: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes]
    label: Mapped[str]
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]  # to the hour: one write per request would be too many
    person_id: Mapped[UUID | None] = mapped_column(index=True)  # a learner's content writes with it, as that person alone
    expires_at: Mapped[datetime | None]
    requests_per_minute: Mapped[int | None]  # none: the store's own
    max_body: Mapped[int | None]  # octets of a request; none: the store's own
    minute: Mapped[datetime | None]  # in which `used` counts requests, where they are limited
    used: Mapped[int | None]
