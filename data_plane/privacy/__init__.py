"""What may leave the region, and the only way to make it."""
