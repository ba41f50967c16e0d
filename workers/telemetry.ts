import type { Logger } from '@temporalio/common';
import { Runtime, type TelemetryOptions } from '@temporalio/worker';
import type { Environment } from './env.js';
import { messageOf } from './fault.js';
import { createLogger } from './log.js';

type Settings = Pick<Environment, 'log' | 'metrics' | 'otlp'>;

/**
 * Installs the SDK's runtime with our logger and, where they are asked for, metrics. Metrics that cannot be served, since
 * the address is taken say, are left out with a warning: they must not keep a worker from its work.
 */
export function installRuntime(settings: Settings): Logger {
  const logger = createLogger(settings.log);
  const telemetryOptions = telemetryOf(settings);
  const install = (options: TelemetryOptions): void => {
    Runtime.install({ logger, shutdownSignals: [], telemetryOptions: options });
  };
  try {
    install(telemetryOptions);
  } catch (error) {
    if (telemetryOptions.metrics === undefined) throw error;
    const { metrics: _, ...rest } = telemetryOptions;
    install(rest);
    logger.warn(
      `metrics: expected to serve them, got ${messageOf(error)}. Going on without; see LAMDAGENT_METRICS.`,
    );
  }
  if (settings.metrics !== null && settings.otlp !== null)
    logger.warn('metrics: LAMDAGENT_METRICS and OTEL_EXPORTER_OTLP_ENDPOINT are set; the first one counts.');
  return logger;
}

/** As the SDK takes it. Lines of its native part go through our logger where every line has to be JSON. */
export function telemetryOf({ log, metrics, otlp }: Settings): TelemetryOptions {
  const filter = { core: 'WARN', other: 'ERROR' } as const;
  return {
    ...(log.format === 'json' ? { logging: { filter, forward: {} } } : {}),
    ...(metrics !== null
      ? { metrics: { prometheus: { bindAddress: metrics } } }
      : otlp !== null
        ? { metrics: { otel: { url: otlp.url, http: otlp.isHttp, metricsExportInterval: '10 seconds' } } }
        : {}),
  };
}
