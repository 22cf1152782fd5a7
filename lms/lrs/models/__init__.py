"""What the record store keeps.

`position` begins with the milliseconds of `stored`: on PostgreSQL `xapi_statement` is partitioned by months of it, and every query that is
bounded in time reads only its partitions. A unique constraint of a partitioned table must contain the partition key,
so uniqueness of `id` is kept by a narrow table (id → position) beside them. Nothing has a foreign key to a statement: a partition that is
detached for archive would be held by it. docs/xapi-storage.md has the layout with the plan of each query.
"""

from lms.lrs.models.attachments import Content, ContentPiece, StatementContent
from lms.lrs.models.credentials import Credential
from lms.lrs.models.documents import ActivityDefinition, Document
from lms.lrs.models.forwarding import ForwardFault, ForwardTarget
from lms.lrs.models.statements import Statement, StatementId, StatementTerm

__all__ = [
    "ActivityDefinition",
    "Content",
    "ContentPiece",
    "Credential",
    "Document",
    "ForwardFault",
    "ForwardTarget",
    "Statement",
    "StatementContent",
    "StatementId",
    "StatementTerm",
]
