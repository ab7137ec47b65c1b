"""Evidence bundles: gathered from what the region published, signed, sealed to one recipient."""
