"""Dates as people write them in English, to ISO 8601. Generated: the calendar is the datetime module's."""

from __future__ import annotations

import random
from calendar import day_name, month_name
from collections.abc import Callable
from datetime import date, timedelta

from question import Question

INSTRUCTION = "Write the date as YYYY-MM-DD. Answer with the date alone."
FIRST, LAST = date(1950, 1, 1), date(2029, 12, 31)
DAYS = 2600
ORDINAL_WORDS = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
    "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
    "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth", "twenty-seventh",
    "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first",
]  # fmt: skip


def ordinal(day: int) -> str:
    """3 -> 3rd."""
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def last_day(day: date) -> date:
    """Of the same month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def month(day: date) -> str:
    return month_name[day.month]


FORMS: list[Callable[[date], str]] = [
    lambda day: f"{day.day} {month(day)} {day.year}",
    lambda day: f"{month(day)} {day.day}, {day.year}",
    lambda day: f"the {ordinal(day.day)} of {month(day)} {day.year}",
    lambda day: f"{day_name[day.weekday()]}, {ordinal(day.day)} {month(day)[:3]} {day.year}",
    lambda day: f"{day.day:02}-{month(day)[:3]}-{day.year % 100:02}",
    lambda day: f"{month(day)[:3]}. {ordinal(day.day)} '{day.year % 100:02}",
    lambda day: f"the {ORDINAL_WORDS[day.day - 1]} of {month(day)}, {day.year}",
    lambda day: f"{day.day}/{day.month}/{day.year} (day first)",
    lambda day: f"{day.month}/{day.day}/{day.year % 100:02} (month first)",
    lambda day: f"{day.day}. {day.month}. {day.year}",
    lambda day: f"{day.year}, {day_name[day.weekday()]} {month(day)} {ordinal(day.day)}",
    lambda day: (
        f"the day after {month(day - timedelta(days=1))} {(day - timedelta(days=1)).day}, {(day - timedelta(days=1)).year}"
    ),
    lambda day: f"the last day of {month(day)} {day.year}",
]


def questions() -> list[Question]:
    """A day each, in one form; years of two digits are of 1930 to 2029."""
    random_source = random.Random("dates")
    days = [FIRST + timedelta(days=at) for at in random_source.sample(range((LAST - FIRST).days), DAYS)]
    found: dict[str, Question] = {}
    for day in days:
        form = random_source.choice(FORMS)
        text = form(day)
        meant = last_day(day) if text.startswith("the last day") else day
        found.setdefault(meant.isoformat(), Question(text=text, answer=meant.isoformat(), group=meant.isoformat()))
    return list(found.values())
