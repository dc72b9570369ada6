"""The clinic's knowledge: rules, sources and facts, read from `data/clinic` and checked."""

from candidacy.knowledge.load import BrokenFile, Knowledge, load, read_yaml
from candidacy.knowledge.models import GROUPS, OUTCOMES, Clinic, Rule, RuleBook, Variant
from candidacy.knowledge.source_models import Source

__all__ = [
    "BrokenFile",
    "Clinic",
    "GROUPS",
    "Knowledge",
    "OUTCOMES",
    "Rule",
    "RuleBook",
    "Source",
    "Variant",
    "load",
    "read_yaml",
]
