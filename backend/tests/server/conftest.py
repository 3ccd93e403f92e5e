"""Databases of both kinds."""

from tests.databases import database, database_url, new_url, postgres, postgres_template, sqlite_template

__all__ = ["database", "database_url", "new_url", "postgres", "postgres_template", "sqlite_template"]
