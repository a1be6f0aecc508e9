"""The console: what a person on call sees and does, drawn in a terminal."""
