import {
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  type PipeTransform,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type CallerSegments,
  findCallerSegments,
  readSegmentArguments,
  type SegmentsQuestion,
} from './caller-segments.js';

/** Options of `@QualifiedSegments()`. */
export interface QualifiedSegmentsOptions {
  /**
   * The name of the account that is asked.
   * @default the account without a name
   */
  readonly account?: string | undefined;
}

/** A function, since an app's own pipes may inspect objects. */
type Ask = () => {
  readonly call: ExecutionContext;
  readonly question: SegmentsQuestion;
};

/** Nest gives pipes their dependencies; a parameter's factory has none. */
@Injectable()
class QualifiedSegmentsPipe implements PipeTransform<Ask, Promise<string[]>> {
  readonly #app: ModuleRef;
  #callers: CallerSegments | undefined;

  constructor(@Inject(ModuleRef) app: ModuleRef) {
    this.#app = app;
  }

  async transform(ask: Ask): Promise<string[]> {
    const { call, question } = ask();
    this.#callers ??= findCallerSegments(this.#app, question.decorator);
    const found = await this.#callers.of(call, question);
    return typeof found === 'string' ? [] : [...found];
  }
}

const ask = createParamDecorator(
  (question: SegmentsQuestion, call: ExecutionContext): Ask =>
    () => ({ call, question }),
);

/**
 * A parameter: those of the named segments that the caller is qualified for;
 * without names, of those that the datafile's audiences use. Empty while ODP cannot
 * say, which is logged and fails no request.
 *
 * ```ts
 * @Get()
 * show(@QualifiedSegments('vip', 'gold') segments: string[]) { … }
 * ```
 *
 * @throws OdpConfigurationError while the class is declared
 */
export function QualifiedSegments(
  ...given:
    | readonly string[]
    | readonly [...segments: string[], options: QualifiedSegmentsOptions]
): ParameterDecorator {
  const decorator = '@QualifiedSegments()';
  const { segments, options } = readSegmentArguments<QualifiedSegmentsOptions>(
    decorator,
    given,
  );
  const question: SegmentsQuestion = {
    decorator,
    segments: segments.length === 0 ? undefined : segments,
    account: options.account,
  };
  return ask(question, QualifiedSegmentsPipe);
}
