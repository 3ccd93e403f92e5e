"""The database that both programs share: sessions, tables, migrations. A row is never called a model."""
