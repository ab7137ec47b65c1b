"""Fixtures that every test may ask for."""

from hypothesis import HealthCheck, settings

from tests.fixtures.postgres import fresh_database, postgres, private_postgres, region_database, region_template

__all__ = ["fresh_database", "postgres", "private_postgres", "region_database", "region_template"]

# No timed tests: a busy machine must not fail one.
settings.register_profile("bailiwick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bailiwick")
