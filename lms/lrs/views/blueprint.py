"""Where the pages about the record store stand."""

from flask import Blueprint

blueprint = Blueprint("lrs", "lms.lrs", url_prefix="/manage/xapi", template_folder="templates")
