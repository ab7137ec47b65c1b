"""Runs a federation on one machine: set-up, supervisor, demo. It knows processes, files and HTTP, never a plane."""
