import { z } from 'zod';
import { CONTRACT } from './contract.js';

/** The contract as one JSON Schema (draft 2020-12) with a definition a message, in a stable order. */
export function contractJsonSchema(): string {
  const registry = z.registry<{ id: string; title: string }>();
  for (const [name, schema] of Object.entries(CONTRACT)) registry.add(schema, { id: name, title: name });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/$defs/${id}`,
    unrepresentable: 'throw',
    override: ({ jsonSchema }) => dropSafeBounds(jsonSchema),
  });
  const definitions = Object.fromEntries(Object.keys(CONTRACT).map((name) => [name, bare(schemas[name])]));
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Messages',
    $defs: definitions,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Without the document's own keys, which only the whole has. */
function bare(schema: object | undefined): object {
  return Object.fromEntries(
    Object.entries(schema ?? {}).filter(([key]) => key !== '$schema' && key !== '$id' && key !== 'id'),
  );
}

/** zod bounds every integer by what JavaScript counts exactly; that is no rule of ours. */
function dropSafeBounds(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
