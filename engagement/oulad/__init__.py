"""The Open University Learning Analytics Dataset, taken in as facts; docs/oulad.md says how."""
