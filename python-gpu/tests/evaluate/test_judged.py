"""Judged benchmarks: what a judge is asked, what its answers count, and what they cost after a kill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import World
from scripted_judge import Reply, Script, completion, rated, scripted_judge

from lamdagent_gpu.child import write_rows
from lamdagent_gpu.childprocess import ChildDied
from lamdagent_gpu.context import JobContext, Preempted, Rejected, ScoredSplit
from lamdagent_gpu.contract.messages import Manifest
from lamdagent_gpu.environment import JUDGE_KEY
from lamdagent_gpu.evaluate import judge_client, run_evaluation
from lamdagent_gpu.publish import evaluated, publish_scores
from lamdagent_gpu.supervisor import JobSpec, Supervisor

KEY = "sk-judge-0123456789/+"
PROMPT = "Q: {question} R: {reference} A: {answer} C: {conversation} Rate it."
FACTS: dict[str, Any] = {
    "kind": "judge", "metric": "judged", "maxNewTokens": 4, "scale": {"low": 1, "high": 10}, "maxMissing": 0.25,
}  # fmt: skip


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_client, "PAUSE_SECONDS", 0.0)


def questions(count: int, **own: str) -> list[dict[str, Any]]:
    return [{"id": f"q{n}", "messages": [{"role": "user", "content": f"say {n}"}], **own} for n in range(count)]


def benchmark(world: World, base_url: str, items: list[dict[str, Any]], **own: Any) -> str:
    judge = {"baseUrl": base_url, "model": "scripted", "maxTokens": 64, "timeoutSeconds": 5, "tries": 2}
    facts = {**FACTS, "judge": judge, **own}
    files = {"items.jsonl": "".join(json.dumps(item) + "\n" for item in items), "judge.md": PROMPT}
    return world.publish("benchmark", files, facts, **facts)


def with_key(context: JobContext) -> JobContext:
    return JobContext(**{**vars(context), "judge_key": KEY})


def scored(world: World, base_url: str, items: list[dict[str, Any]], **own: Any) -> ScoredSplit:
    (split,) = run_evaluation(
        with_key(world.context(world.evaluate_job(world.model, [benchmark(world, base_url, items, **own)])))
    )
    return split


def number_of(prompt: str) -> int:
    return int(prompt.split("Q: say ")[1].split()[0])


def test_ratings_become_scores_from_0_to_1_and_the_prompt_is_filled_in(world: World) -> None:
    with scripted_judge(lambda prompt, *_: rated([1, 10, 4][number_of(prompt)])) as judge:
        split = scored(world, judge.base_url, questions(3, reference="it is {answer}"))
    assert [row["score"] for row in split.rows] == [0.0, 1.0, pytest.approx(1 / 3)]
    assert (split.score, split.items, split.missing) == (pytest.approx(4 / 9), 3, 0)
    answer = split.rows[0]["predictions"][0]
    assert judge.prompts[0] == f"Q: say 0 R: it is {{answer}} A: {answer} C: user: say 0 Rate it."
    assert (judge.seen[0]["temperature"], judge.seen[0]["max_tokens"]) == (0, 64)
    assert judge.seen[0]["response_format"]["json_schema"]["schema"]["required"] == ["explanation", "rating"]
    assert set(judge.keys) == {f"Bearer {KEY}"}
    assert split.rows[1]["judgeTokens"] == [10, 3]


def test_a_second_turn_follows_the_first_answer_and_counts_half(world: World) -> None:
    with scripted_judge(lambda prompt, *_: rated(10 if "Q: and more" in prompt else 1)) as judge:
        split = scored(world, judge.base_url, [*questions(1, followUp="and more"), *questions(2)[1:]])
    first, second = split.rows
    assert (first["ratings"], first["score"], second["ratings"]) == ([1, 10], 0.5, [1])
    asked = next(prompt for prompt in judge.prompts if "Q: and more" in prompt)
    assert f"C: user: say 0\n\nassistant: {first['predictions'][0]}\n\nuser: and more Rate" in asked


def test_answers_are_those_of_generated_benchmarks(world: World) -> None:
    with scripted_judge(lambda *_: rated(5)) as judge:
        split = scored(world, judge.base_url, questions(3))
    plain = world.benchmark([{**one, "answers": ["x"]} for one in questions(3)], tokens=4)
    (generated,) = run_evaluation(world.context(world.evaluate_job(world.model, [plain])))
    assert [row["predictions"] for row in split.rows] == [[row["prediction"]] for row in generated.rows]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (completion("nine"), "expected {explanation, rating}, got 'nine'"),
        (rated(11), "expected a whole rating from 1 to 10 and a text, got"),
        (rated(True), "expected a whole rating from 1 to 10"),
        (rated("7"), "expected a whole rating from 1 to 10"),
        (completion('{"explanation": "a", "rating": 1, "rating": 9}'), "expected {explanation, rating}"),
        (Reply(body="<html>"), "expected a JSON body, got '<html>'"),
        (Reply(body="{}"), "expected a chat completion, got {}"),
        (Reply(status=503, body="busy"), "status 503: busy"),
        (Reply(status=400, body="too long"), "status 400: too long"),
        (Reply(status=307, headers={"Location": "http://127.0.0.1:9/"}), "status 307"),
    ],
)
def test_a_judgement_that_cannot_be_had_is_missing_and_never_0(world: World, reply: Reply, reason: str) -> None:
    with scripted_judge(lambda prompt, *_: reply if number_of(prompt) == 2 else rated(10)) as judge:
        split = scored(world, judge.base_url, questions(4))
    row = split.rows[2]
    assert (row["score"], row["ratings"]) == (None, [None])
    assert reason in str(row["missing"])
    assert (split.score, split.standard_error, split.items, split.missing) == (1.0, 0.0, 3, 1)
    asked = [number_of(prompt) for prompt in judge.prompts]
    assert asked.count(2) == (1 if reply.status in (307, 400) else 2)


def test_the_number_of_missing_ones_reaches_the_orchestrator(world: World, tmp_path: Path) -> None:
    with scripted_judge(lambda prompt, *_: rated(0 if number_of(prompt) == 2 else 10)) as judge:
        some, none = (scored(world, judge.base_url, questions(count)) for count in (4, 2))
    told = []
    for split in (some, none):
        facts = {"schemaVersion": 1, "stageId": split.stage_id, "kind": "evaluate", "files": []}
        result = {**write_rows(tmp_path, split), "attempts": []}
        told.append(evaluated([Manifest.model_validate({**facts, "result": result})], "x").model_dump()["scores"][0])
    assert [(one["items"], one["missing"]) for one in told] == [(3, 1), (2, None)]
    rows = [json.loads(line) for line in (tmp_path / some.stage_id / "rows.jsonl").read_text("utf8").splitlines()]
    assert [row["score"] for row in rows] == [1.0, 1.0, None, 1.0]


def test_a_judgement_is_asked_for_again_and_both_answers_are_counted(world: World) -> None:
    with scripted_judge(lambda prompt, number, _: completion("hm") if number == 0 else rated(10)) as judge:
        split = scored(world, judge.base_url, questions(1))
    assert (split.score, split.missing, split.rows[0]["judgeTokens"]) == (1.0, 0, [20, 6])


def test_too_many_missing_judgements_reject_the_trial(world: World) -> None:
    with (
        scripted_judge(lambda prompt, *_: completion("no") if number_of(prompt) < 3 else rated(5)) as judge,
        pytest.raises(
            Rejected, match=r"judge scripted: expected at most 1 of 6 items without a judgement .*, got 2; the last"
        ),
    ):
        scored(world, judge.base_url, questions(6))
    assert len(judge.seen) == 4  # nothing is asked once the score is refused


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_or_model_ends_it_at_once_and_the_key_is_not_repeated(world: World, status: int) -> None:
    def script(_: str, __: int, key: str) -> Reply:
        return Reply(status=status, body=f"bad key {key}")

    with (
        scripted_judge(script) as judge,
        pytest.raises(Rejected, match=rf"status {status}: bad key Bearer \[{JUDGE_KEY}\]\. Check the key") as fault,
    ):
        scored(world, judge.base_url, questions(6))
    assert len(judge.seen) == 1
    assert KEY not in str(fault.value)


def test_a_judge_that_cannot_be_reached_is_named(world: World) -> None:
    with pytest.raises(Rejected, match=r"the last: expected an answer of http://127.0.0.1:9/v1, got .*refused"):
        scored(world, "http://127.0.0.1:9/v1", questions(2))


def test_prompt_judge_and_scale_are_what_a_score_was_measured_with(world: World) -> None:
    def script(*_: Any) -> Reply:
        return rated(5)

    with scripted_judge(script) as judge, scripted_judge(script) as other:
        plain = scored(world, judge.base_url, questions(2)).evaluator
        assert scored(world, judge.base_url, questions(2)).evaluator == plain
        changed = [
            scored(world, other.base_url, questions(2)).evaluator,
            scored(world, judge.base_url, questions(2), scale={"low": 0, "high": 10}).evaluator,
            scored(world, judge.base_url, questions(2), maxNewTokens=3).evaluator,
        ]
    assert len({one["generationSha256"] for one in [plain, *changed]}) == 4


def test_a_stopped_evaluation_asks_for_no_judgement_twice(world: World) -> None:
    with scripted_judge(lambda prompt, *_: rated(1 + number_of(prompt))) as judge:
        job = world.evaluate_job(world.model, [benchmark(world, judge.base_url, questions(6))], checkpoint_seconds=1e9)
        with pytest.raises(Preempted):
            run_evaluation(with_key(world.context(job, stop=lambda now: "notice" if now.get("step", 0) >= 3 else None)))
        assert len(judge.seen) == 3
        (split,) = run_evaluation(with_key(world.context(job)))
    assert sorted(map(number_of, judge.prompts)) == list(range(6))
    assert [row["ratings"] for row in split.rows] == [[1], [2], [3], [4], [5], [6]]


@pytest.fixture
def points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "points"
    folder.mkdir()
    monkeypatch.setenv("LAMDAGENT_FAILPOINTS", str(folder))
    return folder


def echoing(script: Script) -> Script:
    """Says the key back in every explanation."""

    def told(prompt: str, number: int, key: str) -> Reply:
        reply = script(prompt, number, key)
        return Reply(body=reply.body.replace("because", f"for {key}"))

    return told


@pytest.fixture
def everything(world: World) -> Iterator[World]:
    """Afterwards no file of the store holds the key."""
    yield world
    for file in world.root.rglob("*"):
        assert not (file.is_file() and KEY.encode() in file.read_bytes()), file


async def test_a_killed_evaluation_pays_no_recorded_judgement_twice_and_leaves_no_key_behind(
    everything: World, points: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    world = everything
    monkeypatch.setenv(JUDGE_KEY, KEY)
    supervisor = Supervisor(store=world.store, device="cpu", worker="bench")
    with scripted_judge(echoing(lambda prompt, *_: rated(1 + number_of(prompt)))) as judge:
        job = world.evaluate_job(world.model, [benchmark(world, judge.base_url, questions(4))], checkpoint_seconds=1e9)
        stage_id = job.stages[0].stageId
        spec = JobSpec(kind="evaluate", job=job.model_dump(), work_id=stage_id, max_stalled=3)

        async def attempt() -> Any:
            return await supervisor.run(spec, lambda: None, lambda end: publish_scores(world.store, job, end))

        try:
            for expected in (1, 2):
                (points / "checkpoint.committed").write_text("kill", "utf8")
                with pytest.raises(ChildDied, match="SIGKILL") as died:
                    await attempt()
                assert len(judge.seen) == expected
                assert KEY not in str(died.value)
            manifest = (await attempt())[stage_id]
        finally:
            await supervisor.close()
    assert sorted(map(number_of, judge.prompts)) == [0, 1, 2, 3]
    assert set(judge.keys) == {f"Bearer {KEY}"}
    rows = [json.loads(line) for line in (world.store.open(stage_id) / "rows.jsonl").read_text("utf8").splitlines()]
    assert [row["explanations"] for row in rows] == [[f"for Bearer [{JUDGE_KEY}]"]] * 4
    assert evaluated([manifest], "somebody").model_dump()["scores"][0]["missing"] is None
    assert KEY not in "".join(capfd.readouterr())
