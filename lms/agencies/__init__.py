from lms.feature import Feature

feature = Feature(name="agencies")
