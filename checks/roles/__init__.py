"""The monitoring role of each database server."""
