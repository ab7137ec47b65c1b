"""Inference engines: their processes, their health, and what the rest of the region is told of it."""
