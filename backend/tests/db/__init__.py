"""Tests of the shared database, each on SQLite and on PostgreSQL where both can show it."""
