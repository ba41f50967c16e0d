// Counts of a pytest run, from its JUnit XML.
export function readJunit(text) {
  const number = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? 0);
  const [failed, skipped] = [number('failures') + number('errors'), number('skipped')];
  return { passed: number('tests') - failed - skipped, failed, skipped };
}
