import { proxyProof } from '../proxy-proof.js';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type CallerSegments,
  findCallerSegments,
  type SegmentsQuestion,
} from './caller-segments.js';

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
