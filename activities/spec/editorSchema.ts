import { z } from 'zod';
import { SpecSchema } from './schema.js';

/** JSON Schema of the spec, for completion and checks in editors. */
export function specJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(SpecSchema, { io: 'input' });
  return `${JSON.stringify({ $schema, title: 'LaMDAgent exploration', ...rest }, null, 2)}\n`;
}
