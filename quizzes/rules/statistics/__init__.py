"""What answers tell about items and forms: classical test theory, each figure with its exact definition and where it comes from.

Sources: Crocker & Algina, “Introduction to Classical and Modern Test Theory” (1986), chapters 7 and 14; Kuder & Richardson,
Psychometrika 2 (1937); Cronbach, Psychometrika 16 (1951); Henrysson, Psychometrika 28 (1963), on leaving the item out of the total;
Kolen & Brennan, “Test Equating, Scaling, and Linking” (3rd edition, 2014), chapters 2 and 4; Huynh & Meyer, “Use of robust z in detecting
unstable items”, Practical Assessment, Research & Evaluation 15(2) (2010); Miller, Rotou & Twing, “Evaluation of the .3 logits screening
criterion in common item equating”, Journal of Applied Measurement 5(2) (2004).
"""

from quizzes.rules.statistics.comparing import AnchorLink, FormComparison, compare_forms, link_by_anchors
from quizzes.rules.statistics.drift import Change, Drift, drifts
from quizzes.rules.statistics.flags import ENOUGH, FLAG_NAMES, Flag, flags_of, suspicion
from quizzes.rules.statistics.measures import FormFigures, ItemFigures, median_of
from quizzes.rules.statistics.tally import NOT_ANSWERED, OTHER, Answered, RoundTally, Thirds, thirds_of

__all__ = [
    "ENOUGH",
    "FLAG_NAMES",
    "NOT_ANSWERED",
    "OTHER",
    "AnchorLink",
    "Answered",
    "Change",
    "Drift",
    "Flag",
    "FormComparison",
    "FormFigures",
    "ItemFigures",
    "RoundTally",
    "Thirds",
    "compare_forms",
    "drifts",
    "flags_of",
    "link_by_anchors",
    "median_of",
    "suspicion",
    "thirds_of",
]
