"""Every read about people, postings, sign-in and roles."""

from lms.accounts.queries.sign_in import actor_of_token

__all__ = ["actor_of_token"]
