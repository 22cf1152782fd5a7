"""Quizzes: the question bank, the quarter's rounds, and the sittings. What people are measured by."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem, Section
from quizzes import cli, demo, followers, jobs, permissions
from quizzes.agency_followers import RoundsUnderWay
from quizzes.audit_names import AUDIT_NAMES
from quizzes.group_users import AudiencesOfRounds
from quizzes.queries.essays import essays_waiting
from quizzes.views import attempts, bank, essays, manage, media, rounds

feature = Feature(
    name="quizzes",
    blueprints=(rounds.blueprint, attempts.blueprint, manage.blueprint, bank.blueprint, media.blueprint, essays.blueprint),
    permissions=permissions.PERMISSIONS,
    province_wide=permissions.PROVINCE_WIDE,
    permission_names=permissions.PERMISSION_NAMES,
    audit_names=AUDIT_NAMES,
    navigation=(
        NavigationItem(label=_l("Kiểm tra"), endpoint="rounds.index", permission="quizzes.sit", order=30),
        NavigationItem.managing(
            Section.TESTS,
            _l("Kỳ kiểm tra"),
            "manage_rounds.rounds",
            "quizzes.manage_rounds",
            about=_l("Mở, theo dõi và đóng kỳ kiểm tra của quý."),
            order=40,
        ),
        NavigationItem.managing(
            Section.TESTS,
            _l("Ngân hàng câu hỏi"),
            "manage_questions.questions",
            "quizzes.view_bank",
            about=_l("Câu hỏi đã duyệt cùng đáp án, giải thích và căn cứ."),
            order=72,
        ),
        NavigationItem.managing(
            Section.TESTS,
            _l("Chấm bài tự luận"),
            "essays.index",
            "quizzes.mark_essays",
            about=_l("Cho điểm theo tiêu chí; không thấy tên người viết."),
            order=60,
            waiting=essays_waiting,
        ),
    ),
    home_panels=(rounds.home_panel,),
    commands=(cli.questions_group, cli.rounds_group),
    periodic=jobs.PERIODIC,
    demo_steps=(demo.add_rounds,),
    statement_builders=jobs.BUILDERS,
    agency_followers=(RoundsUnderWay(),),
    person_followers=(followers.follower,),
    group_users=(AudiencesOfRounds(),),
)
