"""Caliper Analytics 1.2 of 1EdTech."""
