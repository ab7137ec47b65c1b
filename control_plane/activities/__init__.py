"""What workflows do in the world, and the ports through which they do it."""
