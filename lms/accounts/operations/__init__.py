"""Every write to people, postings, sign-in and roles."""

from lms.accounts.operations.people import ensure_position_groups

__all__ = ["ensure_position_groups"]
