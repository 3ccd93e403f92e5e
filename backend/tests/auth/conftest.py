from tests.accounts import house
from tests.databases import postgres, postgres_template, sqlite_template

__all__ = ["house", "postgres", "postgres_template", "sqlite_template"]
