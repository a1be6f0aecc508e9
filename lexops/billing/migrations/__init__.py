"""Revisions of the reference schema."""
