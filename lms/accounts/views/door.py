from flask import Blueprint

blueprint = Blueprint("accounts", "lms.accounts", template_folder="templates")
