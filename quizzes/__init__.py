"""Quizzes: the question bank, the quarter's rounds, and the sittings. What people are measured by."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem
from quizzes import cli, jobs, permissions
from quizzes.views import attempts, manage, rounds

feature = Feature(
    name="quizzes",
    blueprints=(rounds.blueprint, attempts.blueprint, manage.blueprint),
    permissions=permissions.permissions,
    navigation=(
        NavigationItem(label=_l("Kiểm tra"), endpoint="rounds.index", permission="quizzes.sit", order=30),
        NavigationItem(label=_l("Kỳ kiểm tra"), endpoint="manage_quizzes.rounds", permission="quizzes.manage_rounds", order=70),
        NavigationItem(label=_l("Câu hỏi"), endpoint="manage_quizzes.questions", permission="quizzes.view_bank", order=72),
    ),
    home_panels=(rounds.home_panel,),
    commands=(cli.questions_group, cli.rounds_group),
    periodic=jobs.PERIODIC,
    statement_builders=jobs.BUILDERS,
)
