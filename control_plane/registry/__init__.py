"""The centre's state in PostgreSQL: tables, migrations, stores."""
