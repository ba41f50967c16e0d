// Counts of a pytest run, and the names of what failed, from its JUnit XML.
export function readJunit(text) {
  const number = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? 0);
  const [failed, skipped] = [number('failures') + number('errors'), number('skipped')];
  const cases = text.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*>\s*<(?:failure|error)\b/g);
  const names = [...cases].map(([, place, name]) => plain(`${place}: ${name}`));
  return { passed: number('tests') - failed - skipped, failed, skipped, names };
}

const ENTITIES = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' };

function plain(text) {
  return text.replace(/&(quot|apos|lt|gt|amp);/g, (_, name) => ENTITIES[name]);
}
