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
   * Of several segments, whether one of them is enough.
   * @default 'any'
   */
  readonly match?: 'any' | 'all' | undefined;
  /**
   * What becomes of callers while ODP cannot tell: it is away, slower than
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
 * Lets only those callers pass who are qualified for a segment of ODP; others
 * get what a guard that refuses gives, for HTTP a 403. Who is calling tells the
 * option `identity`; nobody is qualified for nothing. Goes on methods and
 * classes, of HTTP, GraphQL, RPC and WebSockets; several of them must all hold.
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

/** Who passes a guard. */
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

  /** What it returns becomes the refusal of the call's transport. */
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
