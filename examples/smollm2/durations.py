"""Lengths of time as people write them, as HH:MM. Generated; some need arithmetic."""

from __future__ import annotations

import random

from question import Question

INSTRUCTION = "Write the length of time as HH:MM. Answer with it alone."
LONGEST_HOURS = 12
WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
QUARTERS = {15: "a quarter", 30: "a half", 45: "three quarters"}


def questions() -> list[Question]:
    """Every way to write every length from 1 minute to 12 hours; a length is a group."""
    lengths = (divmod(minutes, 60) for minutes in range(1, LONGEST_HOURS * 60 + 1))
    found = [
        Question(text=text, answer=f"{hours:02}:{minutes:02}", group=f"{hours:02}:{minutes:02}")
        for hours, minutes in lengths
        for text in texts_of(hours, minutes)
    ]
    random.Random("durations").shuffle(found)
    return found


def texts_of(hours: int, minutes: int) -> list[str]:
    total = [f"{hours * 60 + minutes} minutes"]
    if hours == 0:
        part = [f"{QUARTERS[minutes]} of an hour"] if minutes in QUARTERS else []
        return [*total, f"{minutes} min", *part]
    if minutes == 0:
        return [*total, f"{hours} h", f"{WORDS[hours]} hours"]
    texts = [
        *total,
        f"{counted(hours, 'hour')} and {counted(minutes, 'minute')}",
        f"{hours}h{minutes:02}",
        f"{hours} h {minutes} min",
        f"{WORDS[hours]} hours, {minutes} minutes",
        f"from 8:00 to {8 + hours}:{minutes:02}",
    ]
    if minutes in QUARTERS:
        texts += [f"{WORDS[hours]} and {QUARTERS[minutes]} hours", f"{hours + minutes / 60:g} hours"]
    return texts


def counted(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")
