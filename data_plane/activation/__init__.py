"""The release in force, as a gateway worker loads, serves and reports it."""
