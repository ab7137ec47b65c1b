"""View models: pure functions from facts to what a template prints."""
