import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { sha256OfFile } from '../../activities/store/durable.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { runRebuild } from '../../workers/rebuild.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';
import { sayNext } from '../next.js';

interface Options {
  readonly from: readonly string[];
  readonly output?: string;
}

export function addRecipe(program: Command, run: Run): void {
  const recipe = program
    .command('recipe')
    .description('what to do with the recipe of an exported model')
    .addHelpText('after', example('recipe run ./my-model/recipe.yaml --from ./models/base'));
  recipe
    .command('run')
    .description('make the model again and compare its weights; exit code 0: equal, 1: different')
    .argument('<file>', 'recipe.yaml of an export')
    .option(
      '--from <place>',
      'a file or folder with what does not lie beside the recipe, such as the base; may be given again',
      (place: string, before: readonly string[]) => [...before, place],
      [],
    )
    .option('--output <folder>', 'where to (default: rebuilt/<hash of the recipe> in LAMDAGENT_HOME)')
    .addHelpText('after', example('recipe run ./my-model/recipe.yaml --from ./models/base'))
    .action((file: string, options: Options) => run((context) => runRecipe(context, file, options)));
}

/**
 * In a store of its own: nothing of another's recipe comes into ours, and all is really made anew. A run that was cut
 * short goes on.
 */
async function runRecipe({ env, home, terminal }: Context, file: string, options: Options): Promise<number> {
  const hash = await sha256OfFile(file).catch(() => null);
  if (hash === null)
    throw new UserFault(`recipe: expected a readable file, got ${file}. Check the path.`, EXIT.usage);
  const output = resolve(options.output ?? join(home.folder, 'rebuilt', hash.slice(0, 12)));
  const places = options.from.map((place) => resolve(place));
  const rebuild = { recipe: resolve(file), output, places, device: env.device };
  const code = await runRebuild(env, rebuild, (line) => {
    terminal.say(line);
  });
  if (code === EXIT.ok) {
    terminal.print(join(output, 'model'));
    sayNext(terminal, [['init --model ' + join(output, 'model'), 'begins a spec with it as the base']]);
  }
  return code;
}
