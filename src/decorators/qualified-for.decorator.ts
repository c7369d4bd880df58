import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { proxyProof } from '../proxy-proof.js';
import {
  type CallerSegments,
  findCallerSegments,
  readSegmentArguments,
  type SegmentsQuestion,
  wrong,
} from './caller-segments.js';

/** How `@QualifiedFor()` decides. */
export interface QualifiedForOptions {
  /**
   * Of several segments, whether any or all of them are needed.
   * @default 'any'
   */
  readonly match?: 'any' | 'all' | undefined;
  /**
   * What happens to callers while ODP cannot say: it is away, slower than
   * `segments.requestTimeout`, not integrated or not enabled.
   * @default 'deny'
   */
  readonly whenUnavailable?: 'deny' | 'allow' | undefined;
  /**
   * The name of the account that is asked.
   * @default the account without a name
   */
  readonly account?: string | undefined;
}

const DECORATOR = '@QualifiedFor()';

/**
 * Admits only callers who are qualified for a segment of ODP; others get the
 * answer of a guard that refuses, which is a 403 for HTTP. The option `identity`
 * says who is calling; an unknown caller is qualified for nothing. Goes on methods
 * and classes of HTTP, GraphQL, RPC and WebSockets; several must all be met.
 *
 * Nest runs the guards of the lowest decorator first: write it above the one
 * that sets the user.
 *
 * ```ts
 * @QualifiedFor('vip')
 * @QualifiedFor('vip', 'gold', { match: 'all', whenUnavailable: 'allow' })
 * ```
 *
 * @throws OdpConfigurationError while the class is declared
 */
export function QualifiedFor(
  ...given:
    | readonly [segment: string, ...segments: string[]]
    | readonly [
        segment: string,
        ...segments: string[],
        options: QualifiedForOptions,
      ]
): ClassDecorator & MethodDecorator {
  const { segments, options } = readSegmentArguments<QualifiedForOptions>(
    DECORATOR,
    given,
  );
  const { match = 'any', whenUnavailable = 'deny', account } = options;
  if (segments.length === 0) throw wrong(DECORATOR, 'must name a segment');
  if (match !== 'any' && match !== 'all') {
    throw wrong(`${DECORATOR}.match`, "must be 'any' or 'all'");
  }
  if (whenUnavailable !== 'deny' && whenUnavailable !== 'allow') {
    throw wrong(`${DECORATOR}.whenUnavailable`, "must be 'deny' or 'allow'");
  }

  const condition: QualifiedCondition = {
    decorator: DECORATOR,
    segments,
    match,
    whenUnavailable,
    account,
  };

  // A class for each decorator: Nest gives guards their dependencies, not their arguments.
  @Injectable()
  class QualifiedForGuard extends QualifiedGuard {
    protected override readonly condition = condition;
  }
  return UseGuards(QualifiedForGuard);
}

/** Whom a guard admits. */
export interface QualifiedCondition extends SegmentsQuestion {
  readonly segments: readonly string[];
  readonly match: 'any' | 'all';
  readonly whenUnavailable: 'deny' | 'allow';
}

/** The guard of one `@QualifiedFor()`. */
@Injectable()
export abstract class QualifiedGuard implements CanActivate {
  protected abstract readonly condition: QualifiedCondition;
  readonly #app: ModuleRef;
  #callers: CallerSegments | undefined;

  constructor(@Inject(ModuleRef) app: ModuleRef) {
    this.#app = app;
    proxyProof(this);
  }

  /** On `false`, Nest refuses the call in its transport's own way. */
  async canActivate(call: ExecutionContext): Promise<boolean> {
    const { condition } = this;
    const { segments, match, whenUnavailable, decorator } = condition;
    this.#callers ??= findCallerSegments(this.#app, decorator);
    const found = await this.#callers.of(call, condition);
    if (found === 'unavailable') return whenUnavailable === 'allow';
    if (found === 'misconfigured') return false;
    const qualified = (name: string) => found.includes(name);
    return match === 'all'
      ? segments.every(qualified)
      : segments.some(qualified);
  }
}
