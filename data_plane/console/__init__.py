"""The region's console: tiles and bundles for anyone who may have them, the admin API, the officer's pages."""
