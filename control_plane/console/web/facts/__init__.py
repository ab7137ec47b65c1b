"""What the pages need to know, as plain values."""
