"""What people are told: messages, the channels that carry them, proof that they arrived or why not."""
