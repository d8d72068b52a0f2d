"""How facts are written: one module per subject, whole batches, in any order, safe to repeat."""
