import { shown } from './faults.js';

/** What is wrong with a list of chat messages, as [rule, value], or null. */
export function faultOfMessages(value: unknown): readonly [string, string] | null {
  if (!Array.isArray(value) || value.length === 0) return ['a list of messages', shown(value)];
  const bad: unknown = value.find((message) => !isMessage(message));
  return bad === undefined ? null : ['messages with role and content', shown(bad)];
}

export function lastRole(messages: unknown): string | null {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : null;
  return isMessage(last) ? last.role : null;
}

interface Message {
  readonly role: string;
}

/** A turn of a chat; a call of a tool may come without content. */
function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const { role, content, tool_calls: calls } = value as Readonly<Record<string, unknown>>;
  return typeof role === 'string' && role !== '' && (typeof content === 'string' || Array.isArray(calls));
}
