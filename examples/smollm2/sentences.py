"""The guard: asked in plain words, the model goes on to answer in whole sentences and on the topic."""

from __future__ import annotations

import random
import re
from pathlib import Path

from question import Question

SPLITS = {"search": 34, "confirm": 50, "test": 66}
"""Topics."""
LEAST_WORDS = 8
TOPICS = Path(__file__).with_name("topics.txt").read_text("utf8").split()
FORMS = (
    "Write one sentence about {}.",
    "Tell me something interesting about {}.",
    "Explain to a child in one sentence: {}.",
)
REPLAY_FORMS = (
    "What do you know about {}?",
    "Describe {} in a few words.",
    "Why do people talk about {}?",
    "Give me a fact about {}.",
    "How would you begin a story about {}?",
    "What is special about {}?",
)


def parts() -> dict[str, list[Question]]:
    """Each split has topics of its own, and so have the questions for replay, which are asked in other words."""
    topics = random.Random("sentences").sample(TOPICS, len(TOPICS))
    found: dict[str, list[Question]] = {}
    for split, count in SPLITS.items():
        chosen, topics = topics[:count], topics[count:]
        found[split] = [question for topic in chosen for question in questions_on(topic, FORMS)]
    found["train"] = [question for topic in topics for question in questions_on(topic, REPLAY_FORMS)]
    return found


def questions_on(topic: str, forms: tuple[str, ...]) -> list[Question]:
    return [Question(text=form.format(topic), answer=pattern(topic), group=topic) for form in forms]


def pattern(topic: str) -> str:
    """At least 8 words, one of them the topic's, in the singular or the plural."""
    beginning = re.sub("(ies|s)$", "", topic)
    return rf"(?=.*\b(?i:{beginning}))\S+(\s+\S+){{{LEAST_WORDS - 1},}}"
