"""Import the Open University Learning Analytics Dataset; docs/oulad.md describes the mapping."""
