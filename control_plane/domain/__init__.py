"""The centre's rules, pure: no I/O, an explicit `now`."""
