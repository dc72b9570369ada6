"""Checks that all data agrees: `python -m candidacy.validate` prints what does not, one line each."""

from candidacy.validation.project import Problem, Project
from candidacy.validation.run import Report, validate

__all__ = ["Problem", "Project", "Report", "validate"]
