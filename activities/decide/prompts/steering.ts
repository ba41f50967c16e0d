import type { SteeringNote } from '../../../domain/intervention.js';

/** What people asked for, after the system prompt; nothing where nobody did, so that prompts without it stay as they are. */
export function steeringText(notes: readonly Pick<SteeringNote, 'text'>[]): string {
  if (notes.length === 0) return '';
  const lines = notes.map(({ text }) => `- ${text}`).join('\n');
  return `\nThe people who run this search ask (later wishes before earlier ones):\n${lines}`;
}
