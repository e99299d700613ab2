"""Frames: where one syslog message of a TCP connection ends and the next begins.

RFC 6587 knows two ways. Octet counting (section 3.4.1) puts the length before each message, `51
<165>1 ...`, and is what TLS must use (RFC 5425 section 4.3); the other (section 3.4.2) ends each
message with a newline. A connection's first octet tells which one it uses: a length begins with a
digit, a message with `<`.

Limits: of a message longer than `largest` octets the rest is left out, and counted.
"""

from __future__ import annotations

from postroad.errors import SourceError

#: Digits of a length: more than any message has octets.
_DIGITS = 10
_ENDS = b"\r\n\0"


class Frames:
    """The messages of one connection, out of its octets in the pieces in which they come."""

    def __init__(self, largest: int) -> None:
        """Begin before the first octet."""
        self._largest = largest
        self._rest = b""
        #: Whether lengths are counted; not known before the first octet.
        self._counts: bool | None = None
        #: Octets of a message that are left out, from here on; -1: up to the next newline.
        self._skipped = 0
        #: Messages that were too long.
        self.cut = 0

    def take(self, data: bytes) -> list[bytes]:
        """The messages that these octets complete. Raises `SourceError` for what is no frame."""
        data = self._rest + data
        if self._counts is None:
            data = data.lstrip(_ENDS)
            if not data:
                return []
            self._counts = data[:1].isdigit()
        found = self._counted(data) if self._counts else self._lines(data)
        return [message for message in found if message]

    def end(self) -> bytes:
        """What came behind the last whole message, once the connection was closed in good order."""
        rest, self._rest = self._rest, b""
        return b"" if self._counts or self._skipped else rest.strip(_ENDS)

    def _counted(self, data: bytes) -> list[bytes]:
        found = []
        start = 0
        if self._skipped:
            start = min(self._skipped, len(data))
            self._skipped -= start
        while start < len(data):
            space = data.find(b" ", start, start + _DIGITS + 1)
            digits = data[start : space if space >= 0 else start + _DIGITS + 1]
            if not digits.isdigit():
                # Some end each counted message with a newline besides.
                if digits[:1] in (b"\n", b"\r"):
                    start += 1
                    continue
                raise SourceError("It sends something else than lengths and syslog messages.")
            if space < 0:
                if len(digits) > _DIGITS:
                    raise SourceError("It announces a message of more than 9999999999 octets.")
                break
            length, begin = int(digits), space + 1
            if length > self._largest:
                if len(data) - begin < self._largest:
                    break
                found.append(data[begin : begin + self._largest])
                self.cut += 1
                start = min(begin + length, len(data))
                self._skipped = begin + length - start
                continue
            if len(data) - begin < length:
                break
            found.append(data[begin : begin + length].strip(_ENDS))
            start = begin + length
        self._rest = data[start:]
        return found

    def _lines(self, data: bytes) -> list[bytes]:
        if self._skipped:
            end = data.find(b"\n")
            if end < 0:
                self._rest = b""
                return []
            data = data[end + 1 :]
            self._skipped = 0
        *whole, rest = data.split(b"\n")
        found = [self._shortened(message.strip(_ENDS)) for message in whole]
        if len(rest) > self._largest:
            found.append(self._shortened(rest))
            self._skipped, rest = -1, b""
        self._rest = rest
        return found

    def _shortened(self, message: bytes) -> bytes:
        if len(message) <= self._largest:
            return message
        self.cut += 1
        return message[: self._largest]
