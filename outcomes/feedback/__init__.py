"""Find the language, sentiment and themes of learners' comments.

`analysis` loads large libraries, so only the task and the demonstration import it.
"""
