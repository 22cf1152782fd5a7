"""What a rendered file says it was made from, so that it can be made again and compared. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from lms.reports.documents.pieces import Form, Variant
from lms.reports.rules.body import AgencyBody

PREFIX = "congvu-lms"
_KEY = re.compile(r"congvu-lms:([0-9a-f-]{36}):([0-9a-f-]{36}):([a-z]+):([a-z]+):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Identity:
    """Report, agency, variant and form, and the fingerprint of the agency's body."""

    report: UUID
    agency: UUID
    variant: Variant
    form: Form
    sha256: str

    @classmethod
    def of(cls, body: AgencyBody, fingerprint: str, variant: Variant, form: Form) -> Identity:
        return cls(UUID(body.report.id), UUID(body.agency.id), variant, form, fingerprint)

    @classmethod
    def find(cls, text: str) -> Identity | None:
        """The first one named in a text; None where there is none that could be ours."""
        match = _KEY.search(text)
        if match is None:
            return None
        try:
            return cls(UUID(match[1]), UUID(match[2]), Variant(match[3]), Form(match[4]), match[5])
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{PREFIX}:{self.report}:{self.agency}:{self.variant}:{self.form}:{self.sha256}"
