"""A demonstration province: made-up people in real kinds of agencies, brought in through the same doors as a real one's."""

from lms.demo.cli import demo
from lms.feature import Feature

feature = Feature(name="demo", commands=(demo,))
