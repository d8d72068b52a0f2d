"""The demonstration: a provider's raw rows, written by dice that fall alike every time."""
