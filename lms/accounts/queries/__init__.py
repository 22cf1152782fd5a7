"""Every read about people, postings, sign-in and roles."""

from lms.accounts.queries.head_counts import HeadCount, head_counts
from lms.accounts.queries.sign_in import (
    Credentials,
    Device,
    Invitation,
    actor_of_person,
    actor_of_token,
    credentials,
    credentials_of,
    devices,
    invitation,
)

__all__ = [
    "Credentials",
    "Device",
    "HeadCount",
    "Invitation",
    "actor_of_person",
    "actor_of_token",
    "credentials",
    "credentials_of",
    "devices",
    "head_counts",
    "invitation",
]
