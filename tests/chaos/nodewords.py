"""What a browser's process says of itself, as the checkers look at it."""

import base64
from typing import Any

from tests.chaos.attaching import contents
from tests.chaos.outcome import Chat, Holding, Message

CLOCKS_DIFFER = "odd_time"  # the one warning that a wrong clock deserves


def holding_of(name: str, user: str, report: list[dict[str, Any]], *, fresh: bool) -> Holding:
    chats, alarms = {}, []
    for chat in report:
        messages = tuple(message_of(message) for message in chat["messages"])
        conv = unb64(chat["conv"])
        only = tuple(message_of(message) for message in chat["only"])
        waiting = len(chat["entries"])
        chats[conv] = Chat(messages, chat["unread"], chat["my_read_ord"], waiting, only)
        for message in chat["messages"]:
            wrong = [w for w in message["warnings"] if w != CLOCKS_DIFFER]
            wrong += [message["broken"]] if message.get("broken") else []
            alarms += [f"{w} at {message['seq']} of {conv[:6]}" for w in wrong]
    return Holding(name, user, chats, fresh, tuple(alarms))


def message_of(message: dict[str, Any]) -> Message:
    mid = unb64(message["mid"]) if message.get("mid") else ""
    words = (message.get("content") or {}).get("body")
    return Message(message["seq"], mid, message["mine"], message["kind"], message["ord"], words)


def file_of(text: str) -> str:
    return base64.b64encode(contents(text)).decode()


def b64(ident: str) -> str:
    return base64.b64encode(bytes.fromhex(ident)).decode()


def unb64(ident: str) -> str:
    return base64.b64decode(ident).hex()
