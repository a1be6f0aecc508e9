"""What was promised and whether it is kept: clocks of tickets, policies, warnings, reports, forecasts."""
