"""Lengths of time as people write them, in minutes. Generated; the answer is arithmetic."""

from __future__ import annotations

import random

from question import Question

INSTRUCTION = "How many minutes is it? Answer with the number alone."
LONGEST_HOURS = 12
WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
QUARTERS = {15: "a quarter", 30: "a half", 45: "three quarters"}


def questions() -> list[Question]:
    """Every way to write every length from 1 minute to 12 hours, shuffled."""
    found = [
        Question(text=text, answer=str(minutes), group=str(minutes))
        for minutes in range(1, LONGEST_HOURS * 60 + 1)
        for text in texts_of(*divmod(minutes, 60))
    ]
    random.Random("durations").shuffle(found)
    return found


def texts_of(hours: int, minutes: int) -> list[str]:
    if hours == 0:
        return [f"{minutes * 60} seconds", f"from 8:00 to 8:{minutes:02}", *of_quarter(minutes)]
    end = f"{8 + hours}:{minutes:02}"
    texts = [f"{hours}:{minutes:02} h", f"from 8:00 to {end}"]
    if minutes == 0:
        return [*texts, f"{hours} hours", f"{WORDS[hours]} hours"]
    texts += [
        f"{counted(hours, 'hour')} and {counted(minutes, 'minute')}",
        f"{hours}h{minutes:02}",
        f"{hours} h {minutes} min",
    ]
    if minutes in QUARTERS:
        texts += [f"{WORDS[hours]} and {QUARTERS[minutes]} hours", f"{hours + minutes / 60:g} hours"]
    return texts


def of_quarter(minutes: int) -> list[str]:
    return [f"{QUARTERS[minutes]} of an hour"] if minutes in QUARTERS else []


def counted(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")
