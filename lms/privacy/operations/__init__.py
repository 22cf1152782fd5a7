"""Every write about personal data."""

from lms.privacy.operations.erasure import carry_out_erasure, erase_person
from lms.privacy.operations.own_file import note_disclosure
from lms.privacy.operations.requests import (
    NewRequest,
    answer_request,
    complete_request,
    make_request,
    withdraw_request,
)

__all__ = [
    "NewRequest",
    "answer_request",
    "carry_out_erasure",
    "complete_request",
    "erase_person",
    "make_request",
    "note_disclosure",
    "withdraw_request",
]
