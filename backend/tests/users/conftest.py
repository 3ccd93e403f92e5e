from tests.accounts import empty_database, house

__all__ = ["empty_database", "house"]
