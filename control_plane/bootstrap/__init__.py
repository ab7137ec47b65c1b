"""Composition roots: one file per process of the centre."""
