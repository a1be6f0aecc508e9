"""HTTP in both directions: requests to services, and a small server for this machine."""
