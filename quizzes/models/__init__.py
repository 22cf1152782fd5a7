"""The question bank, the rounds with their forms, and the sittings."""

from quizzes.models.accommodations import Accommodation
from quizzes.models.appeals import Appeal, ItemReport
from quizzes.models.bank import Item, ItemVersion
from quizzes.models.duplicates import ItemBand, ItemSketch
from quizzes.models.hand_marks import EssayAnswer, EssayMark
from quizzes.models.imported import ImportedVersion
from quizzes.models.invigilation import CodeTry, Seat, Signal, SittingTrace, Supervision
from quizzes.models.late import LateArrival
from quizzes.models.marking import Regrade
from quizzes.models.media import Picture
from quizzes.models.review import ItemReview
from quizzes.models.rounds import Blueprint, BlueprintCell, Form, FormSlot, Round
from quizzes.models.rulings import Ruling, RulingEffect, RulingExcept
from quizzes.models.sitting import Attempt, Response
from quizzes.models.statistics import FormStatistic, ItemStatistic, RoundStatistic
from quizzes.models.tagging import ItemPair, ItemTag
from quizzes.models.windows import (
    BlockAgency,
    BlockRule,
    LeftOut,
    ListProposal,
    MakeUp,
    MakeUpPlace,
    RoundAgencyMove,
    RoundBlock,
    RoundPlan,
    SideAnswer,
)

__all__ = [
    "Accommodation",
    "Appeal",
    "Attempt",
    "BlockAgency",
    "BlockRule",
    "Blueprint",
    "BlueprintCell",
    "CodeTry",
    "EssayAnswer",
    "EssayMark",
    "Form",
    "FormSlot",
    "FormStatistic",
    "ImportedVersion",
    "Item",
    "ItemBand",
    "ItemPair",
    "ItemReport",
    "ItemReview",
    "ItemSketch",
    "ItemStatistic",
    "ItemTag",
    "ItemVersion",
    "LateArrival",
    "LeftOut",
    "ListProposal",
    "MakeUp",
    "MakeUpPlace",
    "Picture",
    "Regrade",
    "Response",
    "Round",
    "RoundAgencyMove",
    "RoundBlock",
    "RoundPlan",
    "RoundStatistic",
    "Ruling",
    "RulingEffect",
    "RulingExcept",
    "Seat",
    "SideAnswer",
    "Signal",
    "SittingTrace",
    "Supervision",
]
