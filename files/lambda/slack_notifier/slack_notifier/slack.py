"""A message as Slack's incoming webhooks take it ("Formatting text for app surfaces", "Reference: blocks", Slack)."""

from __future__ import annotations

from typing import Any

from slack_notifier.messages import Message

COLORS = {"critical": "#a30200", "warning": "#daa038", "info": "#439fe0", "good": "#2eb886"}
MARKS = {"critical": ":rotating_light:", "warning": ":warning:", "info": ":information_source:", "good": ":white_check_mark:"}

#: Limits of the blocks, in characters.
HEADER, SECTION, FIELD, FIELDS = 150, 3000, 2000, 10


def escaped(text: str) -> str:
    """The three characters that Slack reads as its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def blocks_of(message: Message) -> dict[str, Any]:
    """The body of the request: a line for notifications, and an attachment with the severity's color."""
    mark = MARKS[message.severity]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(f"{mark} {message.title}", HEADER), "emoji": True}}
    ]
    if message.text:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": cut(escaped(message.text), SECTION)}})
    fields = [
        {"type": "mrkdwn", "text": cut(f"*{escaped(name)}*\n{escaped(value)}", FIELD)} for name, value in message.fields.items() if value
    ]
    if fields:
        blocks.append({"type": "section", "fields": fields[:FIELDS]})
    if message.link:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": f"<{message.link}|Open in the console>"}})
    footer = " · ".join(escaped(part) for part in (message.stack, message.source, message.severity, message.time) if part)
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": footer}]})
    line = escaped(" ".join(part for part in (mark, f"[{message.stack}]" if message.stack else "", message.title) if part))
    return {"text": cut(line, SECTION), "attachments": [{"color": COLORS[message.severity], "blocks": blocks}]}
