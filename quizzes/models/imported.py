"""Which versions an import of questions brought, so that it can be taken back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class ImportedVersion(Base):
    """A version as an import of files left it. `content_hash` and `state` are those it came with: as long as they stand, nobody has used
    or changed it. `replaced_id`: the version that was approved until then."""

    __tablename__ = "imported_version"

    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_run.id"), index=True)
    content_hash: Mapped[str]
    state: Mapped[str]
    replaced_id: Mapped[UUID | None] = mapped_column(ForeignKey("item_version.id"))
