"""Every write of the record store."""

from lms.lrs.operations.credentials import (
    NewCredential,
    add_credential,
    count_request,
    discard_expired,
    issue_content_token,
    note_use,
    revoke_content_tokens,
    revoke_credential,
)
from lms.lrs.operations.documents import delete_document, delete_documents, post_document, put_document
from lms.lrs.operations.outbox import Means, retry_entry, store_waiting
from lms.lrs.operations.partitions import add_partitions, detach_partition
from lms.lrs.operations.store import store_statements, take_turn

__all__ = [
    "Means",
    "NewCredential",
    "add_credential",
    "add_partitions",
    "count_request",
    "delete_document",
    "delete_documents",
    "detach_partition",
    "discard_expired",
    "issue_content_token",
    "note_use",
    "post_document",
    "put_document",
    "retry_entry",
    "revoke_content_tokens",
    "revoke_credential",
    "store_statements",
    "store_waiting",
    "take_turn",
]
