"""Counting and comparing: what a figure is made of, and why it moved. Pure."""

from lms.results.rules.comparison import (
    Change,
    Flow,
    PassRate,
    Split,
    Tally,
    participation_split,
    pass_split,
    rate_of,
    split_of,
)
from lms.results.rules.figures import (
    BANDS,
    HISTOGRAM_BINS,
    QUARTERLY,
    UNITS,
    Cell,
    Figures,
    PeopleList,
    difference,
    figures_of,
)

__all__ = [
    "BANDS",
    "HISTOGRAM_BINS",
    "QUARTERLY",
    "UNITS",
    "Cell",
    "Change",
    "Figures",
    "Flow",
    "PassRate",
    "PeopleList",
    "Split",
    "Tally",
    "difference",
    "figures_of",
    "participation_split",
    "pass_split",
    "rate_of",
    "split_of",
]
