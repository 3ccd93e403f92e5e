from tests.accounts import house

__all__ = ["house"]
