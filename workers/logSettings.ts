import type { LogLevel } from '@temporalio/common';

/** How a worker says what it does. */
export interface LogSettings {
  /** `text`: lines for people; `json`: one JSON object a line, for log collectors. */
  readonly format: (typeof LOG_FORMATS)[number];
  readonly level: LogLevel;
}

export const LOG_FORMATS = ['text', 'json'] as const;
export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const satisfies readonly LogLevel[];
