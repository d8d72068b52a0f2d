"""Measurements of speed, each a command of its own; README.md keeps their figures."""
