"""The resources of the record store under `/xapi/`, one module for each."""

from lms.lrs.api import about, activities, agents, documents, statements
from lms.lrs.api.blueprint import blueprint

__all__ = ["about", "activities", "agents", "blueprint", "documents", "statements"]
