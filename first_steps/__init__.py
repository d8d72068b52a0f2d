"""The way from an empty site to figures of one's own: a checklist that ticks itself."""
