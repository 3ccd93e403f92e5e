from tests.command_line import home, run

__all__ = ["home", "run"]
