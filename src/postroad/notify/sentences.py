"""What is said of a letter in words of our own, where nobody else said anything.

Kept with the letter in English, as everything that is kept, and found again by `told`, so that a
page shows it in its reader's language. What the other side said is shown as it said it.
"""

from __future__ import annotations

from postroad.model.text import Text, say

# E-mail.
NO_CONNECTION = say("The mail server cannot be reached.")
NO_ANSWER = say("The mail server did not answer in time.")
CUT_OFF = say("The mail server ended the connection.")
BAD_CERTIFICATE = say(
    "The mail server's certificate could not be verified. See the setting mail_ca."
)
NO_CA = say("The file of certificates in the setting mail_ca cannot be read.")
NO_TLS = say("The mail server does not offer STARTTLS, so the password was not sent.")
NO_LOGIN = say("The mail server offers no way to sign in that is known here.")
NO_SMTPUTF8 = say("The mail server does not take addresses with letters beyond ASCII (SMTPUTF8).")
NOT_UNDERSTOOD = say("The mail server did not answer as one.")
NO_SENDMAIL = say(
    "There is no sendmail program here. Set mail_submission or sendmail_path to send letters."
)
NO_ROOM = say("No space is left on the disk to write the letter.")
SENDMAIL_FAILED = say("The sendmail program did not take the letter and did not say why.")
SENDMAIL_HUNG = say("The sendmail program did not end in time.")
NOT_WRITTEN = say("This cannot be written as mail to this address.")
NO_END = say(
    "The mail server did not say whether it took the letter. It is not sent again by itself."
)
STRANDED = say(
    "postroad was ended in the moment of sending. It is not sent again by itself, so that nobody "
    "gets it twice."
)
IN_LOG = say("The mail server's log says that it was taken.")

# Webhooks.
BAD_URL = say("This is not an address that can be called.")
BAD_PORT = say("Webhooks go to port 80, 443, or one from 1024 on.")
NO_SUCH_HOST = say("The name of the receiver is not known to DNS.")
INSIDE = say(
    "The receiver's address is private, reserved or this server's own. An administrator can allow "
    "it in the setting webhook_networks."
)
UNREACHABLE = say("The receiver cannot be reached.")
NO_RESPONSE = say("The receiver did not answer in time.")
CUT_SHORT = say("The receiver ended the connection without an answer.")
UNTRUSTED = say("The receiver's certificate could not be verified.")
NOT_HTTP = say("The receiver did not answer in HTTP.")
REDIRECTED = say("The receiver wanted the call elsewhere. Redirects are not followed.")
PAUSED_TOO_LONG = say("The webhook was paused for so long that this was given up.")

# Both.
GONE = say("Whoever asked for it has no account here any more.")
NOT_THERE = say("It may not be sent there any more.")
NOTHING = say("There is nothing to tell any more, or nothing that its reader may see.")
UNWANTED = say("Its subscription has ended.")
NOBODY_WRITES = say("Nothing here writes letters of this kind.")
TROUBLE = say("It could not be written. The server's own log says why.")

_ALL = {
    str(each): each for name, each in list(globals().items()) if name.isupper() and name[0] != "_"
}


def told(said: str) -> str:
    """A sentence of ours as one that can be shown in another language; anything else as it is."""
    found: Text | None = _ALL.get(said)
    return said if found is None else found
