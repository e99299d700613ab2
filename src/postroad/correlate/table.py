"""The table of open messages, and which of them changed."""

from __future__ import annotations

from postroad.correlate.message import Emitted, Message

#: Host, instance, queue id.
QueueKey = tuple[str, str, str]

#: How long an ended message waits for lines that were written a little later, microseconds.
LINGER = 5_000_000

_SECOND = 1_000_000

#: A delivery's id begins with the key of its message, which has so many digits.
_KEY_LENGTH = 16


class Table:
    """Open messages by queue id. Ended ones stay for `LINGER`, in the time of the log."""

    def __init__(self, max_open: int) -> None:
        """An empty table that keeps at most about `max_open` messages."""
        self.open: dict[QueueKey, Message] = {}
        self.dirty: list[Message] = []
        self.newest = 0
        self._ended: list[Message] = []
        #: All lives in memory of queue ids that come round again, in order.
        self._lives: dict[QueueKey, list[Message]] = {}
        self._instances: dict[str, list[str]] = {}
        self._max_open = max_open
        self._named: dict[str, dict[Message, None]] = {}

    def name(self, message: Message, name: str) -> None:
        """Note a Message-ID of a message, or what stands for one."""
        if message.named is None:
            message.named = []
        message.named.append(name)
        self._named.setdefault(name, {})[message] = None

    def named(self, message_id: str) -> list[Message]:
        """The messages in memory that bear this Message-ID."""
        return list(self._named.get(message_id, ()))

    def add(self, key: QueueKey, at: int) -> Message:
        """Open a message under a queue id that is free."""
        message = Message(*key, at)
        self.open[key] = message
        if not message.unique:
            self._lives.setdefault(key, []).append(message)
        host, instance, _ = key
        instances = self._instances.setdefault(host, [])
        if instance not in instances:
            instances.append(instance)
        self.newest = max(self.newest, at)
        return message

    def find(
        self, host: str, instance: str, queue_id: str, at: int, *, anywhere: bool
    ) -> Message | None:
        """The message that a line written at `at` means by a queue id.

        `anywhere`: in any instance of the host.
        """
        found = self._living((host, instance, queue_id), at)
        if found is None and anywhere:
            for other in self._instances.get(host, ()):
                found = found or self._living((host, other, queue_id), at)
        return found

    def _living(self, key: QueueKey, at: int) -> Message | None:
        """The last life of a queue id that had begun by then."""
        current = self.open.get(key)
        if current is not None and (current.unique or current.first_at <= at):
            return current
        found: Message | None = None
        for life in self._lives.get(key, ()):
            if life.first_at <= at + _SECOND and (found is None or life.first_at > found.first_at):
                found = life
        return found

    def lives(self, key: QueueKey) -> list[Message]:
        """All that is in memory of a queue id, in order."""
        current = self.open.get(key)
        return list(self._lives.get(key, ())) or ([current] if current else [])

    def touch(self, message: Message) -> None:
        """Note that a message's rows may have changed."""
        if not message.is_dirty:
            message.is_dirty = True
            self.dirty.append(message)

    def touch_families(self) -> None:
        """Note that the rows of all relatives of changed messages may have changed, too."""
        for message in self.dirty:
            # The list grows while it is walked, so relatives of relatives are reached.
            for relative in (*(message.parents or ()), *(message.children or {}).values()):
                self.touch(relative)
            for relative in (*(message.asides or ()), *(message.about or ())):
                if not relative.is_gone:
                    self.touch(relative)

    def take_dirty(self) -> list[Message]:
        """The changed messages, which count as unchanged from now on."""
        dirty = [message for message in self.dirty if not message.is_gone]
        self.dirty = []
        for message in dirty:
            message.is_dirty = False
            if message.closed_at:
                self._ended.append(message)
        return dirty

    def rest(self, messages: list[Message]) -> None:
        """Let those go that are settled, though no line will say that they left the queue.

        sendmail and OpenSMTPD log no end. What comes behind after all is read with the stored rest.
        """
        for message in messages:
            if message.is_settled and not message.closed_at and not message.instance:
                self._ended.append(message)

    def remove(self, message: Message) -> None:
        """Take a message out: its lines are about to be fed again."""
        message.is_gone = True
        self._bury(message)
        for child in (message.children or {}).values():
            child.parents = [each for each in child.parents or () if each is not message]
        for parent in message.parents or ():
            (parent.children or {}).pop(message.queue_id, None)
        for aside in message.asides or ():
            (aside.about or {}).pop(message, None)
        for about in message.about or ():
            (about.asides or {}).pop(message, None)

    def retire(self, message: Message) -> None:
        """Keep a life that another one of the same queue id took the place of, for a while."""
        self._ended.append(message)

    def evict(self) -> list[QueueKey]:
        """Forget what is over, and the oldest if there are too many; returns what was freed."""
        freed: list[QueueKey] = []
        latest = self.newest - LINGER
        lingering: dict[Message, None] = {}
        for message in self._ended:
            if message.is_gone:
                continue
            if message.is_dirty or not _is_over(message, latest):
                lingering[message] = None
                continue
            self._bury(message)
            key = (message.host, message.instance, message.queue_id)
            current = self.open.get(key)
            if current is message:
                del self.open[key]
                freed.append(key)
            elif current is not None and current.previous is message:
                current.previous = None
        self._ended = list(lingering)
        if len(self.open) > self._max_open:
            freed.extend(self._evict_oldest())
        return freed

    def _evict_oldest(self) -> list[QueueKey]:
        by_age = sorted(self.open.items(), key=lambda each: each[1].last_at)
        freed = [
            key
            for key, message in by_age[: len(by_age) - self._max_open * 3 // 4]
            if message.children is None and message.parents is None and not message.is_dirty
        ]
        for key in freed:
            self._bury(self.open.pop(key))
        return freed

    def _bury(self, message: Message) -> None:
        """Take a life out of those of its queue id."""
        message.is_held = False
        for name in message.named or ():
            named = self._named.get(name, {})
            named.pop(message, None)
            if not named:
                self._named.pop(name, None)
        key = (message.host, message.instance, message.queue_id)
        lives = self._lives.get(key)
        if lives and message in lives:
            lives.remove(message)
            if not lives:
                del self._lives[key]


def remember_rows(lives: list[Message], emitted: dict[str, Emitted]) -> None:
    """Give stored rows to the lives they speak of, so that each can withdraw its own.

    Rows of a life that does not exist (any more) go to the last one, which withdraws them.
    """
    if not lives or not emitted:
        return
    of_life: dict[str, dict[str, Emitted]] = {}
    for name, row in emitted.items():
        of_life.setdefault(name[:_KEY_LENGTH], {})[name] = row
    for life in lives:
        life.emitted = of_life.pop(life.key, {})
    left = {name: row for rows in of_life.values() for name, row in rows.items()}
    lives[-1].emitted = {**(lives[-1].emitted or {}), **left}


def _is_over(message: Message, latest: int) -> bool:
    """Whether a message and its next of kin ended long enough ago."""
    if message.closed_at >= latest or (not message.closed_at and message.last_at >= latest):
        return False
    for relative in (*(message.children or {}).values(), *(message.parents or ())):
        if not relative.closed_at or relative.closed_at >= latest or relative.is_dirty:
            return False
    return True
