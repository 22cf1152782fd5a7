"""Every write to people, postings, sign-in and roles."""

from lms.accounts.operations.people import (
    bulk_create_people,
    close_postings,
    create_person,
    ensure_position_groups,
    leave,
    move_person,
    open_posting,
)
from lms.accounts.operations.roles import grant_role, revoke_role
from lms.accounts.operations.roster import RosterCheck, apply_roster, check_roster
from lms.accounts.operations.sign_in import (
    IssuedCode,
    activate,
    begin_sign_in,
    change_password,
    end_all_sign_ins,
    end_sign_in,
    issue_codes,
    record_failure,
    record_unknown_name,
    reset_password,
    unlock,
)
from lms.accounts.rules.people import NewPerson

__all__ = [
    "IssuedCode",
    "NewPerson",
    "RosterCheck",
    "activate",
    "apply_roster",
    "begin_sign_in",
    "bulk_create_people",
    "change_password",
    "check_roster",
    "close_postings",
    "create_person",
    "end_all_sign_ins",
    "end_sign_in",
    "ensure_position_groups",
    "grant_role",
    "issue_codes",
    "leave",
    "move_person",
    "open_posting",
    "record_failure",
    "record_unknown_name",
    "reset_password",
    "revoke_role",
    "unlock",
]
