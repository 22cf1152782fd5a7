"""May the one who built a report approve it? Pure."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID


class SecondPerson(StrEnum):
    """`auto`: a second person approves wherever at least two hold the permission; `always`: also where there is only one, who then waits
    for a second; `never`: whoever built it may approve it."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Approval(StrEnum):
    """How an approval stands beside the freezing. All but `refused` may be given; the audit says which it was."""

    BY_ANOTHER = "another"  # than who built it, or the service built it
    ALONE = "alone"  # the rule is switched off
    ALONE_FOR_WANT = "alone_for_want"  # nobody else holds the permission
    REFUSED = "refused"


def approval(rule: SecondPerson, built_by: UUID | None, approver: UUID | None, deciders: int) -> Approval:
    """`deciders`: how many people hold the permission to approve."""
    if built_by is None or built_by != approver:
        return Approval.BY_ANOTHER
    if rule is SecondPerson.NEVER:
        return Approval.ALONE
    if rule is SecondPerson.AUTO and deciders < 2:
        return Approval.ALONE_FOR_WANT
    return Approval.REFUSED
