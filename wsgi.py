"""Composition root: the house with the two features this province uses."""

import courses
import quizzes
from lms.app import create_app

app = create_app(features=(courses.feature, quizzes.feature))
