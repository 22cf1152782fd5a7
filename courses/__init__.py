"""Courses: the catalogue, lessons, progress, and how courses are written. What people come for first."""

from flask_babel import lazy_gettext as _l

from courses import cli, followers, jobs, permissions, queries, views
from courses.audit_names import AUDIT_NAMES
from lms.feature import Feature, NavigationItem

feature = Feature(
    name="courses",
    blueprints=(views.blueprint,),
    permissions=permissions.PERMISSIONS,
    permission_names=permissions.PERMISSION_NAMES,
    audit_names=AUDIT_NAMES,
    navigation=(NavigationItem(label=_l("Khóa học"), endpoint="courses.index", permission="courses.study", order=20),),
    home_panels=(views.home_panel,),
    commands=(cli.courses_group,),
    statement_builders=jobs.BUILDERS,
    person_followers=(followers.follower,),
    trainings=(queries.completions,),
)
