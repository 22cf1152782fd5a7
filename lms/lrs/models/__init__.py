"""What the record store keeps.

Prepared for growth on PostgreSQL, without changing a query: `position` begins with the milliseconds of `stored`, so both
`xapi_statement` and `xapi_term` can be partitioned by ranges of it (one month is one range), partitions be added ahead of time and
detached for archive, and every query that is bounded in time reads only its partitions. Then a unique constraint must contain the
partition key; uniqueness of `id` moves into a narrow table (id → position) beside them. There is no foreign key from a term to its
statement for the same reason, and because both are written by one function alone, `operations.store_statements`.
"""

from lms.lrs.models.attachments import Content, ContentPiece, StatementContent
from lms.lrs.models.credentials import Credential
from lms.lrs.models.forwarding import ForwardFault, ForwardTarget
from lms.lrs.models.statements import Statement, StatementTerm

__all__ = ["Content", "ContentPiece", "Credential", "ForwardFault", "ForwardTarget", "Statement", "StatementContent", "StatementTerm"]
