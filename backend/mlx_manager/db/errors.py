"""What can be wrong with a database or a backup, each in one line for the person at the terminal."""


class DatabaseFault(Exception):
    """Ends what was asked for. The message is one line, and says whether anything was changed."""


class DatabaseUnreachable(DatabaseFault):
    """Nobody answers, or the file cannot be opened."""


class UnknownRevision(DatabaseFault):
    """The schema is of a revision that this code does not know; newer, as a rule."""


class NotOurDatabase(DatabaseFault):
    """There are tables, and nothing says that they are ours."""


class MigrationFailed(DatabaseFault):
    """A migration failed, and the database is as it was."""


class BackupRefused(DatabaseFault):
    """A backup cannot be made there, or a file is not a backup that can be restored."""
