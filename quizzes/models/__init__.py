"""The question bank, the rounds with their forms, and the sittings."""

from quizzes.models.bank import Item, ItemVersion
from quizzes.models.rounds import Blueprint, BlueprintCell, Form, FormSlot, Round
from quizzes.models.sitting import Attempt, Response

__all__ = ["Attempt", "Blueprint", "BlueprintCell", "Form", "FormSlot", "Item", "ItemVersion", "Response", "Round"]
