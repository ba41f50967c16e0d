/** Datasets that are made from others, by name: what each is made from. Names without an entry are given. */
export type Derivations = ReadonlyMap<string, readonly string[]>;

/** The derived names, each after what it is made from. Those on a cycle, and what hangs on them, are left out. */
export function derivationOrder(derivations: Derivations): readonly string[] {
  const done = new Set<string>();
  for (let before = -1; before < done.size;) {
    before = done.size;
    for (const [name, inputs] of derivations)
      if (inputs.every((input) => done.has(input) || !derivations.has(input))) done.add(name);
  }
  return [...done];
}

/** The way from a name back to itself, e.g. `a → b → a`; null: there is none. */
export function cycleAt(derivations: Derivations, name: string): string | null {
  const walk = (at: string, way: readonly string[]): readonly string[] | null => {
    for (const input of derivations.get(at) ?? []) {
      if (input === name) return [...way, input];
      if (way.includes(input)) continue;
      const found = walk(input, [...way, input]);
      if (found !== null) return found;
    }
    return null;
  };
  return walk(name, [name])?.join(' → ') ?? null;
}

/** Everything the name is made from, directly or not. */
export function ancestorsOf(derivations: Derivations, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (at: string): void => {
    for (const input of derivations.get(at) ?? []) {
      if (found.has(input)) continue;
      found.add(input);
      walk(input);
    }
  };
  walk(name);
  return found;
}
