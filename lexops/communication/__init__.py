"""What clients and colleagues are told: updates, announcements, status notices, reports after an incident."""
