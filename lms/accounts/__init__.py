from lms.accounts import guard
from lms.feature import Feature

feature = Feature(name="accounts")
__all__ = ["feature", "guard"]
