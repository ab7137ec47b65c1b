"""The admin API, one resource a file. It listens on a socket that only the owner of the region's files can open."""
