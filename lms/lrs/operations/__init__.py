"""Every write of the record store."""

from lms.lrs.operations.credentials import NewCredential, add_credential, note_use, revoke_credential
from lms.lrs.operations.outbox import Means, retry_entry, store_waiting
from lms.lrs.operations.store import store_statements, take_turn

__all__ = [
    "Means",
    "NewCredential",
    "add_credential",
    "note_use",
    "retry_entry",
    "revoke_credential",
    "store_statements",
    "store_waiting",
    "take_turn",
]
