"""What learners write: its language, its mood and what it is about.

`reading` and what it imports load large libraries: only the task imports it.
"""
