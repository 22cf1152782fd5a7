"""Reading the ledger, as it is known now or was known at a moment."""

from lms.results.queries.lists import (
    ActivityRow,
    PersonRow,
    activities,
    activity_of_period,
    cells,
    count_people,
    histogram,
    is_within,
    outside_the_denominator,
    people,
)

__all__ = [
    "ActivityRow",
    "PersonRow",
    "activities",
    "activity_of_period",
    "cells",
    "count_people",
    "histogram",
    "is_within",
    "outside_the_denominator",
    "people",
]
