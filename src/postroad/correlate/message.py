"""An open message: the lines known of one life of one queue id, and its neighbours in the story."""

from __future__ import annotations

import re

from postroad.model.delivery import message_key
from postroad.model.event import ASIDES, EndKind, Event, LinkKind
from postroad.model.when import DAY
from postroad.parsers.sendmail.ids import created_at

#: Postfix's short queue ids (mail_queue.h) and qmail's inode numbers come round again; Exim's
#: message ids and Postfix's long queue ids never do.
_COMES_ROUND_AGAIN = re.compile(r"[0-9A-F]+")
#: sendmail's do not either, though some consist of such digits: they hold the time that they were
#: given at, and a message is in the queue for days at most.
_SENDMAILS = re.compile(r"[0-9A-F]{8}[0-9]{6,}")
_DAYS = 8 * DAY

#: A row as it was last given out: what it said, and the times that the store sorts it by.
Emitted = tuple[int, int, int]


class Reference:
    """This message names another queue id of its host."""

    __slots__ = ("at", "kind", "other", "reverse", "sure")

    def __init__(
        self, kind: LinkKind, other: str, at: int, *, reverse: bool = False, sure: bool = True
    ) -> None:
        """`reverse`: the other came first. `sure`: the server itself says that it is ours."""
        self.kind = kind
        self.other = other
        self.at = at
        self.reverse = reverse
        self.sure = sure


class Message:
    """What is known of one life of one queue id."""

    __slots__ = (
        "about",
        "asides",
        "begun",
        "bounce_of",
        "bounced_as",
        "children",
        "closed_at",
        "emitted",
        "events",
        "first_at",
        "host",
        "instance",
        "is_aside",
        "is_dirty",
        "is_gone",
        "is_held",
        "is_settled",
        "last_at",
        "links",
        "message_id",
        "named",
        "parents",
        "previous",
        "queue_id",
        "references",
        "unique",
        "written",
    )

    def __init__(self, host: str, instance: str, queue_id: str, at: int) -> None:
        """Open a message whose first line was written at `at` (microseconds UTC)."""
        self.host = host
        self.instance = instance
        self.queue_id = queue_id
        #: Each line once, with what it says, in the order they came.
        self.events: dict[str, Event] = {}
        #: How many of the lines were given to the store.
        self.written = 0
        self.first_at = at
        self.last_at = at
        #: Whether its arrival is among the lines.
        self.begun = False
        #: When it left the queue; 0 while it is there.
        self.closed_at = 0
        self.unique = _is_unique(queue_id, at)
        self.is_dirty = False
        #: Whether another object took its place.
        self.is_gone = False
        #: Rows given out so far.
        self.emitted: dict[str, Emitted] | None = None
        #: Hops this message went on as, by queue id, and those it came from.
        self.children: dict[str, Message] | None = None
        self.parents: list[Message] | None = None
        self.bounce_of = ""
        self.bounced_as = ""
        #: Its Message-ID without brackets, once it is known.
        self.message_id = ""
        #: Under what the table finds it: that, and what stands for it as long as it is not known.
        self.named: list[str] | None = None
        #: What other programs say of it; and of an aside, the messages that it speaks of.
        self.asides: dict[Message, None] | None = None
        self.about: dict[Message, None] | None = None
        self.is_aside = instance in ASIDES
        #: Whether nothing is left to be done for any recipient that is known.
        self.is_settled = False
        #: Whether the table holds it.
        self.is_held = True
        #: References not yet resolved, and the links already found.
        self.references: list[Reference] | None = None
        self.links: dict[tuple[LinkKind, str, str], int] | None = None
        #: The life of this queue id before this one, while its last lines may still come.
        self.previous: Message | None = None

    @property
    def life(self) -> int:
        """What tells this life from others of the same queue id: 0 where ids are unique."""
        return 0 if self.unique else self.first_at

    @property
    def key(self) -> str:
        """The message key of its deliveries."""
        return message_key(self.host, self.instance, self.queue_id, self.life)

    def refer(self, reference: Reference) -> None:
        """Remember that another queue id was named."""
        if self.references is None:
            self.references = []
        self.references.append(reference)

    def add_link(self, kind: LinkKind, queue_id: str, other: str, at: int) -> None:
        """Remember a link to be stored: `other` came out of `queue_id`."""
        if self.links is None:
            self.links = {}
        self.links.setdefault((kind, queue_id, other), at)

    def adopt(self, child: Message) -> bool:
        """Make `child` a hop of this message; says whether that is new. Loops are refused."""
        if self.children is None:
            self.children = {}
        if child.queue_id in self.children or child is self or child.is_ancestor_of(self):
            return False
        self.children[child.queue_id] = child
        if child.parents is None:
            child.parents = []
        child.parents.append(self)
        return True

    def is_ancestor_of(self, other: Message) -> bool:
        """Whether `other` is a hop of this message, at any depth."""
        waiting = list((self.children or {}).values())
        while waiting:
            message = waiting.pop()
            if message is other:
                return True
            waiting.extend((message.children or {}).values())
        return False

    def take_session(self, event: Event, line: str) -> None:
        """Keep a session line, which bears no queue id, as evidence of this message."""
        self.events.setdefault(line, event)


#: Ends after which the queue id is free again.
CLOSING = frozenset({EndKind.COMPLETED, EndKind.REMOVED, EndKind.ABANDONED, EndKind.DISCARDED})


def _is_unique(queue_id: str, at: int) -> bool:
    """Whether a queue id that was seen at this time is never given again."""
    if not _COMES_ROUND_AGAIN.fullmatch(queue_id):
        return True
    if not _SENDMAILS.fullmatch(queue_id):
        return False
    return abs(created_at(queue_id, at + DAY) - at) < _DAYS
