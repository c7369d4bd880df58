import { type ExecutionContext, Logger } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import { systemClock } from '../clock.js';
import {
  OdpConfigurationError,
  OdpError,
  OdpValidationError,
} from '../errors/index.js';
import { nameOfThrown } from '../names.js';
import { type CallerContext, odpRequestOf } from '../identity/index.js';
import { RateLimitedLogger } from '../reporting/index.js';
import {
  findProvider,
  getOdpServiceToken,
  modulesOf,
} from '../service/index.js';

/** What a decorator asks about the caller. */
export interface SegmentsQuestion {
  /** The decorator's name, for the log. */
  readonly decorator: string;
  /** Absent: those of the datafile. */
  readonly segments: readonly string[] | undefined;
  readonly account: string | undefined;
}

/** `unavailable`: ODP cannot say for now; `misconfigured`: it never will. */
export type CallerSegmentsAnswer =
  readonly string[] | 'unavailable' | 'misconfigured';

/** Finds the segments that a handler's caller is qualified for. One serves the whole app. */
export class CallerSegments {
  readonly #modules: ModulesContainer;
  readonly #callers: CallerContext;
  readonly #logger = new RateLimitedLogger(
    new Logger('OptimizelyOdp'),
    systemClock,
  );

  constructor(modules: ModulesContainer, callers: CallerContext) {
    this.#modules = modules;
    this.#callers = callers;
  }

  /** Never rejects: what goes wrong is logged. */
  async of(
    call: ExecutionContext,
    { decorator, segments, account }: SegmentsQuestion,
  ): Promise<CallerSegmentsAnswer> {
    const source = `${decorator} on ${call.getClass().name}.${call.getHandler().name}`;
    try {
      const service = findProvider(this.#modules, getOdpServiceToken(account));
      if (service === undefined) {
        this.#logger.error(source, () => `${source} ${noAccount(account)}`);
        return 'misconfigured';
      }
      // Guards run before any interceptor has set the caller.
      return await this.#callers.runForRequest(
        () => odpRequestOf(call),
        () => service.fetchQualifiedSegments(undefined, { segments }),
      );
    } catch (error) {
      if (error instanceof OdpError && !(error instanceof OdpValidationError)) {
        this.#logger.warn(
          `${source} ${error.code}`,
          () => `${source} goes without segments: ${error.message}`,
        );
        return 'unavailable';
      }
      this.#logger.error(
        source,
        () =>
          `${source} cannot tell who is calling, or what to ask: ${error instanceof OdpError ? error.message : `${nameOfThrown(error)} was thrown`}`,
      );
      return 'misconfigured';
    }
  }
}

const noAccount = (name: string | undefined) =>
  name === undefined
    ? 'can ask nobody: the account without a name is not configured. Import OptimizelyOdpModule.forRoot({ … }) without a name, or name one with account.'
    : `can ask nobody: no account is named '${name}'. Import OptimizelyOdpModule.forRoot({ name: '${name}', … }), or correct account.`;

/**
 * Finds it in the app, whichever module it is in.
 *
 * @throws OdpConfigurationError if the module is not imported
 */
export function findCallerSegments(
  app: ModuleRef,
  decorator: string,
): CallerSegments {
  const found = findProvider(modulesOf(app), CallerSegments);
  if (found !== undefined) return found;
  const message =
    'knows nobody, since it is not imported; import OptimizelyOdpModule.forRoot({ … }) in the root module';
  throw new OdpConfigurationError([{ path: decorator, message }]);
}

/** Names of segments, then options. */
type SegmentArguments<Options extends object> =
  readonly string[] | readonly [...segments: string[], options: Options];

/** @throws OdpConfigurationError while the class is declared */
export function readSegmentArguments<Options extends object>(
  decorator: string,
  given: SegmentArguments<Options>,
): {
  readonly segments: readonly string[];
  readonly options: Partial<Options>;
} {
  const all: readonly unknown[] = given;
  const last = all.at(-1);
  const hasOptions = typeof last === 'object' && last !== null;
  const segments = hasOptions ? all.slice(0, -1) : all;
  for (const name of segments) {
    if (typeof name === 'string' && name.trim() !== '') continue;
    throw wrong(decorator, 'must be given names of segments, then options');
  }
  return {
    segments: segments as readonly string[],
    options: hasOptions ? last : {},
  };
}

export const wrong = (decorator: string, message: string) =>
  new OdpConfigurationError([{ path: decorator, message }]);
