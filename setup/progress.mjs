// Short progress lines with elapsed time, on stderr.
const begun = performance.now();

export function say(line) {
  process.stderr.write(`${elapsed().padStart(7)}  ${line}\n`);
}

function elapsed() {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}

/** A fault that the person at the keyboard can mend: printed without a stack. */
export class SetupFault extends Error {}

/** Runs a program's main; a SetupFault becomes one line and exit code 1. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error instanceof SetupFault ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
