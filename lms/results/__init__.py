"""The results ledger: activity → ledger → report → publication."""

from lms.feature import Feature
from lms.results.agency_followers import FrozenExpectations
from lms.results.followers import follower

feature = Feature(name="results", agency_followers=(FrozenExpectations(),), person_followers=(follower,))
