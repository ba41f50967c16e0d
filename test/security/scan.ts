/** Looks for secrets in everything that an installation leaves behind. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A secret as it may be written: itself, in an address, and in base64 at each of the three places in a group of 3 bytes. */
export function formsOf(secret: string): readonly string[] {
  const shifted = [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + secret).toString('base64');
    // The first and last characters of the code hold bits of the neighbours.
    return text.replace(/=+$/, '').slice(shift === 0 ? 0 : shift + 1, -1);
  });
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...shifted];
}

/** Which of the texts or files hold a secret, and whose. `places` maps a name to its bytes. */
export function leaks(
  places: Iterable<readonly [string, Buffer | string]>,
  secrets: Readonly<Record<string, string>>,
): readonly string[] {
  const wanted = Object.entries(secrets).map(([name, secret]) => [name, formsOf(secret)] as const);
  const found: string[] = [];
  for (const [place, content] of places) {
    const bytes = Buffer.from(content);
    for (const [name, forms] of wanted)
      if (forms.some((form) => bytes.includes(form))) found.push(`${name} in ${place}`);
  }
  return found;
}

/** Every file under a folder, with its bytes. */
export function* filesUnder(folder: string, root = folder): Generator<readonly [string, Buffer]> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path, root);
    else if (entry.isFile()) yield [relative(root, path), readFileSync(path)];
  }
}
