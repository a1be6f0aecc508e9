"""Business calendars: when a service is open, to the second, in its own zone. Contracts count in them."""
