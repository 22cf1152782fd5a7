"""People, the posts they hold over time, how they sign in and what they may do."""

from lms.accounts.models.people import Person, PositionGroup, Posting
from lms.accounts.models.roles import RoleGrant
from lms.accounts.models.sign_in import Account, ActivationCode, SignIn, UnknownName

__all__ = ["Account", "ActivationCode", "Person", "PositionGroup", "Posting", "RoleGrant", "SignIn", "UnknownName"]
