"""Sound items of every kind, as chance makes them: with tidy texts."""

from __future__ import annotations

from hypothesis import strategies as st

from quizzes.rules.bank import ItemDraft
from tests.quizzes.interchange import hard_drafts


def drafts(*kinds: str) -> st.SearchStrategy[ItemDraft]:
    """A sound item of one of these kinds; of any, where none is named."""
    return st.sampled_from(sorted(kinds or hard_drafts.BODIES)).flatmap(hard_drafts.drafts)


def lists(*kinds: str) -> st.SearchStrategy[list[ItemDraft]]:
    """Several of them, with codes of their own."""
    return st.lists(drafts(*kinds), min_size=1, max_size=4, unique_by=lambda item: item.code)
