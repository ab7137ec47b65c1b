"""What the region adds to a release's policies: its attributes, and its own tightening rules."""
