"""Quizzes: the question bank, the quarter's rounds, and the sittings. What people are measured by."""

from lms.feature import Feature
from quizzes import cli, demo, followers, jobs, permissions
from quizzes.audit_names import AUDIT_NAMES
from quizzes.checking import check_items
from quizzes.navigation import NAVIGATION
from quizzes.notices import NOTICES
from quizzes.queries.competences import competences
from quizzes.views import BLUEPRINTS, bank_review, provenance, rounds

feature = Feature(
    name="quizzes",
    blueprints=BLUEPRINTS,
    permissions=permissions.PERMISSIONS,
    province_wide=permissions.PROVINCE_WIDE,
    permission_names=permissions.PERMISSION_NAMES,
    audit_names=AUDIT_NAMES,
    navigation=NAVIGATION,
    home_panels=(rounds.home_panel, bank_review.home_panel),
    page_panels={"courses.course": rounds.course_panel, "reports.agency": provenance.reminding_panel},
    outcome_pages=(provenance.outcome_pages,),
    commands=cli.COMMANDS,
    jobs=jobs.JOBS,
    periodic=jobs.PERIODIC,
    demo_steps=demo.STEPS,
    statement_builders=jobs.BUILDERS,
    agency_followers=followers.OF_AGENCIES,
    person_followers=followers.OF_PERSONS,
    group_users=followers.OF_GROUPS,
    notices=NOTICES,
    competences=(competences,),
    course_checks=(check_items,),
)
