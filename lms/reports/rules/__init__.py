"""What a report says: figures rolled up the tree, ranks, what the public may not see, and the document that is kept of it. Pure."""

from lms.reports.rules.rolling_up import (
    RANK_WEIGHTS,
    RULE_VERSION,
    SMALLEST_PUBLIC_NUMBER,
    SMALLEST_RANKED_AGENCY,
    AgencyReport,
    Node,
    is_small,
    rank_within_blocks,
    roll_up,
    score_for_rank,
    withheld,
)

__all__ = [
    "RANK_WEIGHTS",
    "RULE_VERSION",
    "SMALLEST_PUBLIC_NUMBER",
    "SMALLEST_RANKED_AGENCY",
    "AgencyReport",
    "Node",
    "is_small",
    "rank_within_blocks",
    "roll_up",
    "score_for_rank",
    "withheld",
]
