"""Live sessions of the regions' agents."""
