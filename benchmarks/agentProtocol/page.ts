import { EMBEDDED_LLM } from '../../activities/decide/openLlm.js';
import { PROMPT_VERSION } from '../../activities/decide/prompts/version.js';
import type { ProtocolRun } from './protocol.js';

/** What must not be; empty when the protocol held. */
export function faultsOf({ protocol, kills, billing }: ProtocolRun, decisions: number): readonly string[] {
  const wrong = (what: string, expected: number, got: number): readonly string[] =>
    expected === got ? [] : [`${what}: expected ${String(expected)}, got ${String(got)}`];
  return [
    ...wrong('decisions', decisions, protocol.decisions),
    ...wrong('illegal actions', 0, protocol.illegal),
    ...wrong('repeated actions', 0, protocol.repeated),
    ...kills.flatMap(({ decision, recorded, asked }) =>
      wrong(`decision ${String(decision)}: requests for calls on record`, recorded, asked),
    ),
    ...billing,
  ];
}

/** The run as a page. */
export function pageOf(run: ProtocolRun, seed: string): string {
  const { protocol, kills, requests, answered, billing, seconds } = run;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${String(count)}`)
      .join(', ') || 'none';
  const line = (name: string, value: string | number): string => `| ${name} | ${String(value)} |`;
  return [
    '# The agent’s protocol against a real model',
    '',
    `Written by \`npm run bench:agent -- --decisions ${String(protocol.decisions)} --seed ${seed} --page docs/agent-protocol.md\`: ${EMBEDDED_LLM.model} behind llama.cpp, prompts \`${PROMPT_VERSION}\`.`,
    'Outcomes of trials are made up and nothing is trained, so this says whether the protocol holds and nothing of the quality of the choices.',
    'Illegal and repeated actions are counted anew from the records; requests are counted in front of the LLM’s server.',
    '',
    '| | |',
    '| --- | --- |',
    line('decisions', protocol.decisions),
    line('illegal actions', protocol.illegal),
    line('repeated actions', protocol.repeated),
    line('drawn by the exploration floor', protocol.explored),
    line('fallbacks (no usable answer in three tries)', protocol.fallbacks),
    line('nudged against mode collapse', protocol.nudged),
    line('action types', counts(protocol.actionTypes)),
    line('calls on record', protocol.calls),
    line('refused answers', counts(protocol.refused)),
    line('tokens', `${String(protocol.promptTokens)} + ${String(protocol.completionTokens)}`),
    line('requests at the server', `${String(requests)}, ${String(answered)} answered`),
    line('answers sent but not booked once', billing.length === 0 ? 'none' : billing.join('; ')),
    line('wall clock', `${(seconds / 60).toFixed(1)} minutes`),
    '',
    ...kills.map(
      ({ decision, recorded, asked, cutOff }) =>
        `SIGKILL within decision ${String(decision)}: ${String(recorded)} calls were on record, the server saw ${String(asked)} requests for them in all; ${String(cutOff)} request in the air was cut off and made again.`,
    ),
    '',
  ].join('\n');
}
