"""Integrity checks of billing data, as SQL over the logical model."""
