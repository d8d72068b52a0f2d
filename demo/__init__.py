"""Generate and load demonstration data; the same day always gives the same data."""
