"""Real Exim and Postfix, side by side on loopback, and tests of what we make of their logs."""
