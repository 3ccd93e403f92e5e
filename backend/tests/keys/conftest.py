from tests.accounts import house
from tests.databases import database, database_url, postgres, postgres_template, sqlite_template

__all__ = ["database", "database_url", "house", "postgres", "postgres_template", "sqlite_template"]
