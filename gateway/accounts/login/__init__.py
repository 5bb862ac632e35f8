"""Logging in without any other program: the ways to a login of one's own, and what they end in."""
