"""A letter handed to a submission server (RFC 6409): everything but the end first, then the end.

What is sent of a message before the final dot can be called back: a server that loses the
connection there drops it (RFC 5321 section 4.1.1.4). So the caller is asked between the last line
and the dot, which is the moment to write down that the letter is being sent. From the dot to the
answer nobody knows whether it was taken; that is why the answer is waited for as long as
section 4.5.3.2.6 wants.

TLS: `smtps://` from the first octet; `smtp://` after STARTTLS, which is used where it is offered
and demanded where there is a password. Certificates are verified. A server on this machine, which
is reached without leaving it, is spoken to as it is, unless there is a password.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress

from postroad.notify import sentences
from postroad.notify.line import GO_ON, OK, Calls, Line, Said, Server, refusal
from postroad.notify.message import Commit, Ready
from postroad.notify.outcome import End, Outcome

#: Octets that are sent in one step.
_BLOCK = 1 << 16


class Submission:
    """What takes letters to one server."""

    def __init__(self, server: Server, calls: Calls | None = None) -> None:
        """`calls` can break its connections off."""
        self._server = server
        self._calls = calls or Calls()

    def send(self, letter: Ready, commit: Commit) -> Outcome:
        """Hand a letter over.

        `commit` is called when all is sent but the end: what it raises ends the try, and where it
        gives False the letter is called back.
        """
        line = Line(self._server, self._calls)
        try:
            return self._talk(line, letter, commit)
        except Said as said:
            return said.outcome
        except Exception as error:
            if line.is_ended:
                return Outcome(end=End.UNCLEAR, said=sentences.NO_END)
            if (found := _trouble(error, is_late=line.is_late)) is None:
                raise
            return Outcome(end=End.LATER, said=found, is_general=not line.is_open)
        finally:
            line.close()

    def close(self) -> None:
        """Break off what is under way, and send nothing more."""
        self._calls.break_off()

    @staticmethod
    def _talk(line: Line, letter: Ready, commit: Commit) -> Outcome:
        line.begin()
        options = []
        if letter.needs_utf8:
            if not line.has_extn("smtputf8"):
                return Outcome(end=End.REFUSED, said=sentences.NO_SMTPUTF8)
            line.command_encoding = "utf-8"
            options.append("SMTPUTF8")
        if line.has_extn("size"):
            options.append(f"SIZE={len(letter.content)}")
        line.is_open = True
        line.ask(" ".join((f"MAIL FROM:<{letter.sender}>", *options)), *OK)
        line.ask(f"RCPT TO:<{letter.recipient}>", *OK)
        line.ask("DATA", GO_ON)
        # RFC 5321 section 4.5.2: a line that begins with a dot gets another one.
        content = re.sub(rb"(?m)^\.", b"..", letter.content)
        for at in range(0, len(content), _BLOCK):
            line.send(content[at : at + _BLOCK])
        line.is_final = True
        if not commit():
            return Outcome(end=End.CALLED_BACK)
        code, said = line.end()
        with suppress(Exception):
            line.putcmd("QUIT")
        if 200 <= code < 300:  # noqa: PLR2004 - RFC 5321 section 4.2.1: a positive completion
            return Outcome(end=End.TAKEN, code=code, said=said)
        if code < 400:  # noqa: PLR2004 - no answer to this: whoever said it may have taken it
            return Outcome(end=End.UNCLEAR, code=max(code, 0), said=said or sentences.NO_END)
        return refusal(code, said, is_general=False)


def _trouble(error: Exception, *, is_late: bool) -> str | None:
    """What an error of the connection means; None for what is none of the connection's."""
    if is_late or isinstance(error, TimeoutError):
        return sentences.NO_ANSWER
    if isinstance(error, ssl.SSLError):
        return sentences.BAD_CERTIFICATE
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionResetError | BrokenPipeError):
        return sentences.CUT_OFF
    if isinstance(error, smtplib.SMTPException):
        return sentences.NOT_UNDERSTOOD
    if isinstance(error, OSError | UnicodeError):
        return sentences.NO_CONNECTION
    return None
