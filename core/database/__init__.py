"""The database beyond the ORM: bulk statements, locks, waiting, outages and statistics."""
