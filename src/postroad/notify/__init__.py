"""Letters out: by e-mail through a submission server or the local `sendmail`, and to webhooks.

Comes in: letters in the outbox, and a function that writes each for what its reader may see in that
moment. Goes out: one e-mail each, or calls of a webhook until it has taken it. What became of each
is in the outbox.

Limits: between the end of a message and the server's answer nobody can know whether it was taken.
A letter whose sending ended there is `unclear`, and is not sent again by itself. A webhook may be
called twice where an answer is lost; both calls bear the same id.
"""
