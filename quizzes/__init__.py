"""Quizzes: the question bank, the quarter's rounds, and the sittings. What people are measured by."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem
from quizzes import cli, demo, jobs, permissions
from quizzes.views import attempts, bank, manage, rounds

feature = Feature(
    name="quizzes",
    blueprints=(rounds.blueprint, attempts.blueprint, manage.blueprint, bank.blueprint),
    permissions=permissions.permissions,
    navigation=(
        NavigationItem(label=_l("Kiểm tra"), endpoint="rounds.index", permission="quizzes.sit", order=30),
        NavigationItem(label=_l("Kỳ kiểm tra"), endpoint="manage_rounds.rounds", permission="quizzes.manage_rounds", order=70),
        NavigationItem(label=_l("Câu hỏi"), endpoint="manage_questions.questions", permission="quizzes.view_bank", order=72),
    ),
    home_panels=(rounds.home_panel,),
    commands=(cli.questions_group, cli.rounds_group),
    periodic=jobs.PERIODIC,
    demo_steps=(demo.add_rounds,),
    statement_builders=jobs.BUILDERS,
)
