"""Temporal workflows: onboarding, rollouts, evidence. Deterministic; what touches the world is an activity."""
