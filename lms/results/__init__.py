"""The results ledger: activity → ledger → report → publication."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature
from lms.results.agency_followers import FrozenExpectations
from lms.results.followers import follower

feature = Feature(
    name="results",
    agency_followers=(FrozenExpectations(),),
    person_followers=(follower,),
    audit_names={"results.change_expectation": _l("Sửa danh sách thuộc diện đã chốt")},
)
