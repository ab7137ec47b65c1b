"""The region's private keys on disk: made once, mode 0600, never leaving."""
