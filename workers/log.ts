import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { pino, type DestinationStream } from 'pino';
import type { LogSettings } from './logSettings.js';

/** Writes to stderr at once, so that the last line before a crash is there too. `to`: elsewhere, for tests. */
export function createLogger({ format, level }: LogSettings, to?: DestinationStream): Logger {
  if (format === 'text') return new DefaultLogger(level);
  const sink = pino(
    {
      level: level.toLowerCase(),
      base: { process: 'orchestrator', pid: process.pid },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    to ?? pino.destination({ dest: 2, sync: true }),
  );
  const log = (of: LogLevel, message: string, meta: LogMetadata = {}): void => {
    sink[LEVELS[of]](meta, message);
  };
  const at = (of: LogLevel) => (message: string, meta?: LogMetadata) => {
    log(of, message, meta);
  };
  return {
    log,
    trace: at('TRACE'),
    debug: at('DEBUG'),
    info: at('INFO'),
    warn: at('WARN'),
    error: at('ERROR'),
  };
}

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Readonly<Record<LogLevel, string>>;
