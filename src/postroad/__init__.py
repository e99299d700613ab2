"""postroad: what happened to that email?

It reads what a mail server already logs and answers, for each message and recipient, what
became of it and why. `ARCHITECTURE.md` names the rooms and the way data flows through them.
"""

__version__ = "0.1.0"
