"""Write facts from batches of events, which may arrive in any order and more than once."""
