import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { hasNoProfiles, type Environment } from './env.js';
import { EXIT, messageOf, UserFault } from './fault.js';
import { homeAt } from './home.js';
import { readServerAddress } from './temporalServer.js';

/** A Temporal service to talk to. */
export interface Service {
  readonly connection: ConnectionOptions;
  readonly namespace: string;
  /** For messages. */
  readonly address: string;
  /** Known for the embedded server only. */
  readonly webUi: string | null;
}

/** The service of TEMPORAL_* and profiles. Throws UserFault where they can't be read. */
export function configuredService(): Service {
  const { connectionOptions, namespace } = clientConfig();
  const address = connectionOptions.address ?? '127.0.0.1:7233';
  const connection = { ...connectionOptions, address } as ConnectionOptions;
  return { connection, namespace: namespace ?? 'default', address, webUi: null };
}

function clientConfig(): ReturnType<typeof loadClientConnectConfig> {
  try {
    // The SDK fails on a file without profiles.
    return loadClientConnectConfig({ disableFile: hasNoProfiles() });
  } catch (error) {
    throw new UserFault(
      `TEMPORAL_*: expected settings and a profile that can be read, got ${messageOf(error)}. ` +
        'Mend the file that TEMPORAL_CONFIG_FILE names (default: temporal.toml of the user), TEMPORAL_PROFILE or TEMPORAL_TLS_*.',
      EXIT.usage,
    );
  }
}

/** The same, with what a command line names in the place of what it says. */
export function serviceWith(named: { readonly address?: string; readonly namespace?: string }): Service {
  const { connection, namespace, address, webUi } = configuredService();
  const chosen = named.address ?? address;
  return {
    connection: { ...connection, address: chosen },
    namespace: named.namespace ?? namespace,
    address: chosen,
    webUi,
  };
}

export function serviceAt(address: string, webUi: string | null = null): Service {
  return { connection: { address }, namespace: 'default', address, webUi };
}

/** TEMPORAL_* when set; else this home's embedded server when it runs; else a default profile. */
export async function findService(env: Environment): Promise<Service> {
  if (env.hasTemporal) return configuredService();
  const embedded = readServerAddress(homeAt(env.home));
  if (embedded !== null && (await canConnect(embedded.address, 1500)))
    return serviceAt(embedded.address, embedded.webUi);
  if (clientConfig().connectionOptions.address !== undefined) return configuredService();
  throw new UserFault(
    `Temporal: expected a running service, got none for ${env.home}. ` +
      'Run `npx lamdagent up` in another terminal (or `npm start`), or set TEMPORAL_ADDRESS.',
    EXIT.unreachable,
  );
}

/** A client of a service that answers, else a fault with exit code 3. */
export async function connectTo(service: Service, timeoutMs = 5000): Promise<Client> {
  try {
    const connection = await Connection.connect({ ...service.connection, connectTimeout: timeoutMs });
    return new Client({ connection, namespace: service.namespace });
  } catch (error) {
    throw new UserFault(
      `Temporal: expected an answer at ${service.address}, got ${messageOf(error)}. Is it running? ` +
        '`npx lamdagent up` runs one here; TEMPORAL_ADDRESS names another.',
      EXIT.unreachable,
    );
  }
}

export async function canConnect(address: string, timeoutMs: number): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: timeoutMs });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
