"""Rotas, overrides, and who is on call by them."""
