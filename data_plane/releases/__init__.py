"""Releases in the region: what is offered, what officers said, what may run, what runs. Below agent and console."""
