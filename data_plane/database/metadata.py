"""All tables of the region: every `tables_*` module beside this one, whoever wrote it."""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import data_plane.database


def load_metadata() -> MetaData:
    """Loads every `tables_*` module and gives the metadata that Alembic compares with the migrations."""
    for module in pkgutil.iter_modules(data_plane.database.__path__):
        if module.name.startswith("tables_"):
            importlib.import_module(f"data_plane.database.{module.name}")
    return SQLModel.metadata
