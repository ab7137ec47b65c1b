"""Budgets without I/O: which pots a request draws on, their calendar windows, and what a level asks for."""
