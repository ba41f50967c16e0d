import { createKeeper } from './keeper.js';
import { serviceAt, type Service } from './connect.js';
import type { Environment } from './env.js';
import { gpuWorkerProgram } from './gpuWorker.js';
import { homeAt, makeHome } from './home.js';
import { takeLock } from './lock.js';
import { orchestratorProgram } from './orchestrator.js';
import { endLeftovers, openProcessRecord } from './processRecord.js';
import { chooseServerAddress, serverAnswers, serverProgram } from './temporalServer.js';

/** A running embedded installation: server, orchestrator and GPU worker of one LAMDAGENT_HOME. */
export interface Installation {
  readonly service: Service;
  readonly webUi: string;
  /** Rejects when one of its processes cannot be kept running. */
  readonly failed: Promise<never>;
  /** GPU worker first (it writes a checkpoint), then orchestrator, then server. `hurry` cuts the grace time short. */
  stop(hurry?: Promise<void>): Promise<void>;
}

/** Starts everything; resolves when the server answers (the workers connect by themselves). */
export async function startInstallation(options: {
  readonly env: Environment;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<Installation> {
  const { env, say, signal } = options;
  const home = homeAt(env.home);
  makeHome(home);
  if (env.deployment !== null || env.buildId !== null)
    say(
      'LAMDAGENT_DEPLOYMENT and LAMDAGENT_BUILD_ID are ignored: an embedded installation runs one orchestrator',
    );
  const release = takeLock(home);
  const left = await endLeftovers(home.processesFile);
  if (left.length > 0) say(`ended what an earlier run left behind: ${left.join(', ')}`);
  const keeper = createKeeper({ record: openProcessRecord(home.processesFile), say });
  const stop = async (hurry?: Promise<void>): Promise<void> => {
    await keeper.stop(hurry);
    release();
  };
  try {
    const server = await chooseServerAddress(env, home);
    const programs = [
      serverProgram(env, home, server),
      orchestratorProgram(env, home, server.address),
      gpuWorkerProgram(env, home, server.address),
    ];
    for (const program of programs) keeper.keep(program);
    await Promise.race([serverAnswers(server, signal), keeper.failed]);
    return {
      service: serviceAt(server.address, server.webUi),
      webUi: server.webUi,
      failed: keeper.failed,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
