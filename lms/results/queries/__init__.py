"""Reading the ledger, as it is known now or was known at a moment."""

from lms.results.queries.activities import ActivityRow, activities, activity_of_period
from lms.results.queries.census import Census, cells, census, exclusions, histogram, outside_the_denominator
from lms.results.queries.comparing import LatePerson, Later, flows, late_news, late_people
from lms.results.queries.lists import PersonRow, count_people, is_within, papers, people

__all__ = [
    "ActivityRow",
    "Census",
    "LatePerson",
    "Later",
    "PersonRow",
    "activities",
    "activity_of_period",
    "cells",
    "census",
    "count_people",
    "exclusions",
    "flows",
    "histogram",
    "is_within",
    "late_news",
    "late_people",
    "outside_the_denominator",
    "papers",
    "people",
]
