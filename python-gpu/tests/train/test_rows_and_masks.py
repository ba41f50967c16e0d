"""What of a row is trained on, and which rows are refused."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from conftest import PREFERENCE, TEMPLATE, TRAINING, World, make_tokenizer

from lamdagent_gpu.context import Preempted, Rejected
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.data import encode_preference, encode_sft

UNMARKED = TEMPLATE.replace("{% generation %}", "").replace("{% endgeneration %}", "")
TURNS = [
    {"role": "user", "content": "a"},
    {"role": "assistant", "content": "bc"},
    {"role": "user", "content": "d"},
    {"role": "assistant", "content": "ef"},
]


def tokenizer_with(template: str = TEMPLATE) -> Any:
    tokenizer = make_tokenizer()
    tokenizer.chat_template = template
    return tokenizer


def trained_text(row: dict[str, Any], tokenizer: Any) -> tuple[str, str]:
    ids, labels = encode_sft({**row, "_where": "row 1"}, tokenizer)
    assert len(ids) == len(labels)
    return tokenizer.decode(ids), tokenizer.decode([label for label in labels if label >= 0])


def test_every_marked_assistant_turn_is_trained_on() -> None:
    assert trained_text({"messages": TURNS}, tokenizer_with()) == ("<u>a<a>bc<e><u>d<a>ef<e>", "bc<e>ef<e>")


@pytest.mark.parametrize("mark", ["{%- generation -%}", "{%generation%}"])
def test_marks_are_found_however_they_are_spaced(mark: str) -> None:
    template = TEMPLATE.replace("{% generation %}", mark)
    assert trained_text({"messages": TURNS}, tokenizer_with(template))[1] == "bc<e>ef<e>"


def test_without_marks_the_last_assistant_turn_is_trained_on() -> None:
    assert trained_text({"messages": TURNS}, tokenizer_with(UNMARKED)) == ("<u>a<a>bc<e><u>d<a>ef<e>", "ef<e>")


def test_a_chat_given_as_prompt_and_completion_trains_the_completion() -> None:
    row = {"prompt": TURNS[:3], "completion": TURNS[3:]}
    assert trained_text(row, tokenizer_with()) == ("<u>a<a>bc<e><u>d<a>ef<e>", "ef<e>")


@pytest.mark.parametrize("ending", ["", "<e>", "<e><e>"])
def test_texts_end_once_whatever_they_end_with(ending: str) -> None:
    tokenizer = tokenizer_with()
    assert trained_text({"text": "ab" + ending}, tokenizer) == ("ab<e>", "ab<e>")
    assert trained_text({"prompt": "ab", "completion": "cd" + ending}, tokenizer) == ("abcd<e>", "cd<e>")
    pair = encode_preference({"prompt": "ab", "chosen": "c" + ending, "rejected": "d", "_where": ""}, tokenizer)
    assert [tokenizer.decode(pair[name]) for name in ("prompt_ids", "chosen_ids", "rejected_ids")] == [
        "ab", "c<e>", "d<e>"]  # fmt: skip


def test_a_tokenizer_that_ends_texts_itself_ends_them_once() -> None:
    from tokenizers.processors import TemplateProcessing

    tokenizer = tokenizer_with()
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="$A <e>", special_tokens=[("<e>", 3)])
    assert tokenizer("ab")["input_ids"][-1] == 3
    assert trained_text({"text": "ab"}, tokenizer) == ("ab<e>", "ab<e>")
    assert trained_text({"prompt": "ab", "completion": "cd"}, tokenizer) == ("abcd<e>", "cd<e>")


def test_the_model_is_fed_what_was_encoded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from lamdagent_gpu.train.sft import DurableSFTTrainer

    batches: list[dict[str, Any]] = []
    original = DurableSFTTrainer.compute_loss

    def recording(self: Any, model: Any, inputs: dict[str, Any], *rest: Any, **named: Any) -> Any:
        batches.append({name: inputs[name].tolist() for name in ("input_ids", "labels", "attention_mask")})
        return original(self, model, inputs, *rest, **named)

    monkeypatch.setattr(DurableSFTTrainer, "compute_loss", recording)
    job = world.build_job("sft", {**TRAINING, "steps": 1}, model=[world.model], data=[world.sft])
    run_training(world.context(job))
    tokenizer = make_tokenizer()
    for ids, labels, mask in zip(*batches[0].values(), strict=True):
        text = tokenizer.decode([one for one, keep in zip(ids, mask, strict=True) if keep])
        answer = text.split("<a>")[1]
        assert answer.count("<e>") == 1
        assert tokenizer.decode([label for label in labels if label >= 0]) == answer


def reject(world: World, kind: str, lines: list[str | bytes], message: str, **changed: Any) -> None:
    text = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    folder = world.store.new_folder()
    (folder / "data.jsonl").write_bytes(text)
    data = "d" * 64
    world.store.publish(data, "dataset", folder, {})
    parameters = {**TRAINING, **(PREFERENCE if kind == "dpo" else {}), **changed}
    with pytest.raises(Rejected, match=message) as caught:
        run_training(world.context(world.build_job(kind, parameters, model=[world.model], data=[data])))
    assert str(world.root) not in str(caught.value)


GOOD = json.dumps({"messages": TURNS})
BAD_ROWS: dict[str, tuple[str | bytes, str]] = {
    "bytes": (b'{"text": "\xff"}', "row 3: expected JSON"),
    "empty messages": ('{"messages": []}', r"messages \[\] instead of a list of messages"),
    "no content": ('{"messages": [{"role": "user"}]}', "instead of a message with role and content"),
    "number as text": ('{"text": 5}', "text 5 instead of a text"),
    "number as completion": ('{"prompt": "a", "completion": 1}', "completion 1 instead of a text"),
    "mixed shapes": ('{"prompt": [{"role": "user", "content": "a"}], "completion": "b"}', "completion 'b' instead"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_training_rows_are_refused_by_number(world: World, name: str) -> None:
    line, message = BAD_ROWS[name]
    reject(world, "sft", [GOOD, "", line], f"row 3.*{message}" if not message.startswith("row") else message)


BAD_PAIRS = {
    "no rejected": ('{"prompt": "a", "chosen": "b"}', "expected prompt, chosen and rejected, got no rejected"),
    "number": ('{"prompt": "a", "chosen": "b", "rejected": 3}', "rejected 3 instead of a text"),
    "mixed": ('{"prompt": "a", "chosen": "b", "rejected": [{"role": "x"}]}', "rejected .* instead of a text"),
}


@pytest.mark.parametrize("name", BAD_PAIRS)
def test_bad_pairs_are_refused_by_number(world: World, name: str) -> None:
    line, message = BAD_PAIRS[name]
    reject(world, "dpo", [line], f"row 1.*{message}")


def test_rows_the_template_refuses_are_the_users_to_mend(world: World) -> None:
    folder = world.store.new_folder()
    for path in world.store.open(world.model).iterdir():
        if path.name != "manifest.json":
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "chat_template.jinja").write_text("{{ raise_exception('no system turns') }}{% generation %}", "utf8")
    model = "e" * 64
    world.store.publish(model, "model", folder, {})
    job = world.build_job("sft", TRAINING, model=[model], data=[world.sft])
    with pytest.raises(Rejected, match="row 1: expected a row the chat template can render"):
        run_training(world.context(job))


def test_empty_and_wholly_cut_training_sets_are_refused(world: World) -> None:
    reject(world, "sft", [""], "expected at least one row, got none")


def test_a_set_without_an_answer_within_the_limit_is_refused(world: World) -> None:
    reject(world, "sft", [GOOD], "expected rows with an answer within 2 tokens, got none", maxLength=2)


def test_cut_rows_are_counted_in_a_warning(world: World, caplog: pytest.LogCaptureFixture) -> None:
    job = world.build_job(
        "dpo", {**TRAINING, **PREFERENCE, "maxLength": 12}, model=[world.model], data=[world.preference]
    )
    with caplog.at_level(logging.WARNING, logger="lamdagent"):
        run_training(world.context(job))
    assert "maxLength 12: cut 24 rows, dropped 0 without an answer left, of 24" in caplog.text


def test_a_template_without_an_end_token_in_its_answers_is_warned_of(
    caplog: pytest.LogCaptureFixture, world: World
) -> None:
    from lamdagent_gpu.train.data import sft_examples

    tokenizer = tokenizer_with(TEMPLATE.replace("<e>{% endgeneration %}", "{% endgeneration %}<e>"))
    data = world.publish("dataset", {"data.jsonl": GOOD + "\n"}, {})
    context = world.context(world.build_job("sft", TRAINING, model=[world.model], data=[data]))
    with caplog.at_level(logging.WARNING, logger="lamdagent"):
        sft_examples(context, tokenizer)
    assert "1 of 1 answers hold no end token (<e>)" in caplog.text


def test_tokens_the_model_does_not_know_are_refused(world: World) -> None:
    folder = world.store.new_folder()
    for path in world.store.open(world.model).iterdir():
        if path.name != "manifest.json":
            (folder / path.name).write_bytes(path.read_bytes())
    tokenizer = make_tokenizer()
    tokenizer.add_tokens(["5"], special_tokens=True)
    tokenizer.add_tokens(["say"])
    tokenizer.save_pretrained(folder)
    model = "f" * 64
    world.store.publish(model, "model", folder, {})
    with pytest.raises(Rejected, match="expected token ids below the model's 99 embeddings, got 99"):
        run_training(world.context(world.build_job("sft", TRAINING, model=[model], data=[world.sft])))


def test_a_stop_is_heard_while_loading(world: World) -> None:
    job = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft])
    with pytest.raises(Preempted, match="notice"):
        run_training(world.context(job, stop=lambda _: "notice"))
    assert world.context(job).resume is None
