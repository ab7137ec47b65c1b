"""Fixtures of the console's integration tests."""

from tests.fixtures.centre import centre, centre_database, centre_template

__all__ = ["centre", "centre_database", "centre_template"]
