"""Pages around sign-in, people and the roster."""

from lms.accounts.views import (
    account,
    delegations,
    groups,
    lineage,
    merging,
    passkeys,
    people,
    permissions,
    person_edit,
    postings,
    review,
    roster,
    second_factor,
    sign_in,
    single_sign_on,
    transfers,
)
from lms.accounts.views.door import blueprint

__all__ = [
    "account",
    "blueprint",
    "delegations",
    "groups",
    "lineage",
    "merging",
    "passkeys",
    "people",
    "permissions",
    "person_edit",
    "postings",
    "review",
    "roster",
    "second_factor",
    "sign_in",
    "single_sign_on",
    "transfers",
]
