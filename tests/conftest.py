"""Fixtures that every test may ask for."""

from tests.fixtures.postgres import fresh_database, postgres, private_postgres

__all__ = ["fresh_database", "postgres", "private_postgres"]
