"""The region's PostgreSQL: tables, migrations, pools. Rows are never domain objects; see the package that owns them."""
