"""Metering: every request is admitted durably before it is dispatched and settled exactly once afterwards.

Start at `meter`; `requests` says what goes in and out; `store` is the port, `postgres` its one adapter.
"""
