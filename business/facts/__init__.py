"""Write facts from whole batches of events, in any order and safe to repeat."""
