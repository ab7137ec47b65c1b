"""The centre's console: REST for scripts, pages for people."""
