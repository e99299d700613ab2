"""Golden stories: small logs, and beside each what it proves, worked out by hand from the grammar."""
