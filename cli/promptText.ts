import type { Exchange } from '../activities/decide/exchange.js';

/** Every prompt and answer of a decision in full; of a repair only what it adds to the conversation before. */
export function promptLines(exchanges: readonly Exchange[]): readonly string[] {
  return exchanges.flatMap((exchange, index) => {
    const before = exchanges[index - 1];
    const known = before?.purpose === exchange.purpose ? before.messages.length : 0;
    const { purpose, promptVersion, promptSha256, model, answer } = exchange;
    return [
      '',
      `===== call ${String(index)}: ${purpose}, ${model}, prompts ${promptVersion}, ${promptSha256}`,
      ...exchange.messages
        .slice(known)
        .filter((message, place) => known === 0 || place > 0 || message.role !== 'assistant')
        .flatMap(({ role, content }) => [`----- ${role}`, content]),
      `----- answer (${answer.kind})`,
      answer.text,
    ];
  });
}
