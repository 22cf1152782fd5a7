"""Results per agency and quarter: counted, frozen, published."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem, Section
from lms.reports import jobs, letter_followers, person_followers, rendering
from lms.reports.agency_followers import FrozenReports
from lms.reports.audit_names import AUDIT_NAMES
from lms.reports.checks import check_telling
from lms.reports.cli import reports
from lms.reports.notices import consultations, next_steps
from lms.reports.operations.rendering import RENDERING
from lms.reports.panels import agency_progress, drafts_that_wait, round_panel
from lms.reports.permissions import PERMISSION_NAMES, PERMISSIONS, PROVINCE_WIDE
from lms.reports.target_pack import bring_targets
from lms.reports.views import BLUEPRINTS
from lms.reports.webhooks_cli import webhooks

reports.add_command(webhooks)

feature = Feature(
    name="reports",
    blueprints=BLUEPRINTS,
    permissions=PERMISSIONS,
    province_wide=PROVINCE_WIDE,
    permission_names=PERMISSION_NAMES,
    audit_names=AUDIT_NAMES,
    navigation=(
        NavigationItem(
            _l("Kết quả"),
            "reports.index",
            "reports.view",
            order=50,
            section=Section.TESTS,
            about=_l("Kết quả từng quý của từng cơ quan, đơn vị trong phạm vi."),
        ),
        NavigationItem.managing(
            Section.TESTS,
            _l("Chốt và công bố kết quả"),
            "report_life.index",
            "reports.publish",
            about=_l("Chốt số liệu, lấy ý kiến các cơ quan, duyệt, công bố, đính chính."),
            order=80,
        ),
        NavigationItem.managing(
            Section.TESTS,
            _l("Dự thảo kết quả của cơ quan"),
            "report_life.drafts",
            "reports.respond",
            about=_l("Xem số liệu trước khi công bố; xác nhận hoặc đề nghị sửa."),
            order=81,
        ),
        NavigationItem.managing(
            Section.TESTS,
            _l("Chỉ tiêu"),
            "targets.index",
            "reports.view",
            about=_l("Chỉ tiêu của kế hoạch, nghị quyết: đạt đến đâu, còn thiếu bao nhiêu người, ở đâu."),
            order=82,
        ),
        NavigationItem.managing(
            Section.TESTS,
            _l("Nơi nhận kết quả đã công bố"),
            "publishing.index",
            "reports.publish",
            about=_l("Báo tin cho IOC, cổng thông tin; thư kèm PDF, XLSX cho cơ quan: đã gửi gì, gửi lại."),
            order=83,
        ),
        NavigationItem.managing(
            Section.TESTS,
            _l("Địa chỉ nhận kết quả của các cơ quan"),
            "publishing.agencies",
            "reports.contacts",
            about=_l("Hộp thư của cơ quan nhận PDF và XLSX khi kết quả được công bố."),
            order=84,
        ),
        NavigationItem.managing(
            Section.PEOPLE,
            _l("Thống kê nhân lực"),
            "staff.statistics",
            "reports.view",
            about=_l("Số người theo cấp, theo trình độ và nhiệm vụ công nghệ thông tin."),
            order=65,
        ),
    ),
    home_panels=(drafts_that_wait, agency_progress),
    page_panels={"quizzes.round": round_panel},
    checks={"results told": check_telling},
    commands=(reports,),
    jobs={RENDERING: rendering.render_all, **jobs.JOBS},
    periodic=jobs.PERIODIC,
    notices=(consultations, next_steps),
    person_followers=(person_followers.follower, letter_followers.follower),
    demo_steps=(bring_targets,),
    agency_followers=(FrozenReports(),),
)
