"""People, the posts they hold over time, how they sign in and what they may do."""

from lms.accounts.models.moving import PersonApart, PersonMerge, TransferRequest
from lms.accounts.models.people import Leave, Person, PositionGroup, Posting
from lms.accounts.models.roles import RoleGrant
from lms.accounts.models.roster import RosterBatch, RosterColumns
from lms.accounts.models.second_factor import Authenticator, FederatedIdentity, Passkey, RecoveryCode
from lms.accounts.models.sign_in import Account, ActivationCode, FailedAddress, PastPassword, SignIn, SignInStep, UnknownName
from lms.accounts.models.succession import PostingMove, RoleEnding

__all__ = [
    "Account",
    "ActivationCode",
    "Authenticator",
    "FailedAddress",
    "FederatedIdentity",
    "Leave",
    "Passkey",
    "PastPassword",
    "Person",
    "PersonApart",
    "PersonMerge",
    "PositionGroup",
    "Posting",
    "PostingMove",
    "RecoveryCode",
    "RoleEnding",
    "RoleGrant",
    "RosterBatch",
    "RosterColumns",
    "SignIn",
    "SignInStep",
    "TransferRequest",
    "UnknownName",
]
