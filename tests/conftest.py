"""Fixtures that every test may ask for."""

from tests.fixtures.postgres import fresh_database, postgres, private_postgres, region_database, region_template

__all__ = ["fresh_database", "postgres", "private_postgres", "region_database", "region_template"]
