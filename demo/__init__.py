"""The sample logs of the demo: how they were recorded, and how they are brought up to date."""
