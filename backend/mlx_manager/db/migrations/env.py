"""Alembic runs this file for each migration. The connection and its transaction belong to `db.migrate`."""

from alembic import context

# Two revisions of one upgrade stand or fall together; alembic would not begin a transaction on SQLite at all.
context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
