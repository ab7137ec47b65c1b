"""The console's pages: facts in, view models between, HTML out."""
