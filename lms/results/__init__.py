"""The results ledger: activity → ledger → report → publication."""

from lms.feature import Feature

feature = Feature(name="results")
