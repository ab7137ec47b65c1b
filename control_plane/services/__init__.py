"""The centre's use cases, on the ports of `ports.py`."""
