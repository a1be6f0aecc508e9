"""Values into inked lines: pure, and unaware of any terminal."""
