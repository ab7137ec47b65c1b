"""API keys: made and ended by the console, checked by the gateway."""
