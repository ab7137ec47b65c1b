"""The console's ports over the centre's services."""
