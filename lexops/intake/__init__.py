"""Tickets that arrive by themselves: e-mail, and alerts of other monitoring systems."""
