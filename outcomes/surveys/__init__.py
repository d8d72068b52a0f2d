"""Asking learners: whom, by which mail, and the page behind the link in it."""
