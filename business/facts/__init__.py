"""Turn events into facts; each module keeps one subject."""
