"""All tables of the centre, for migrations and for the comparison of models and database."""

from __future__ import annotations

from control_plane.registry import tables_people, tables_regions, tables_releases, tables_reports, tables_rollouts
from control_plane.registry.base import MAPPING

TABLE_MODULES = (tables_people, tables_regions, tables_releases, tables_reports, tables_rollouts)
METADATA = MAPPING.metadata
