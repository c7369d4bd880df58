import { type ExecutionContext, Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import {
  type CallerContext,
  graphqlContext,
  type OdpUser,
} from '../identity/index.js';
import {
  findProvider,
  getOdpAccountToken,
  getOdpServiceToken,
  type OdpService,
} from '../service/index.js';
import { systemClock } from '../clock.js';
import { OdpError } from '../errors/index.js';
import { nameOfThrown } from '../names.js';
import { RateLimitedLogger } from '../reporting/index.js';
import type { BackgroundWork, OdpAccount } from '../account/index.js';
import { followUp, sourceOf } from './make-action.js';
import {
  ActionContext,
  type OdpAction,
  type OdpActionContext,
  type TimeLimit,
} from './odp-action.js';
import type { HandlerEnd } from './handler-end.js';
import { isGraphqlField } from './handlers.js';

/** Where an action's events go. */
interface Target {
  readonly account: OdpAccount;
  /** What `@Inject(OdpService)` provides, which a test may have replaced. */
  readonly service: OdpService;
}

/** Makes the events of a handler's actions once it has ended, and tracks them. */
export class ActionRunner {
  readonly #modules: ModulesContainer;
  readonly #callers: CallerContext;
  readonly #background: BackgroundWork;
  readonly #logger = new RateLimitedLogger(
    new Logger('OptimizelyOdp'),
    systemClock,
  );
  readonly #targets = new Map<string | undefined, Target>();
  readonly #once = new OncePerRequest();

  constructor(
    modules: ModulesContainer,
    callers: CallerContext,
    background: BackgroundWork,
  ) {
    this.#modules = modules;
    this.#callers = callers;
    this.#background = background;
  }

  /** Never throws: nothing here may affect the response. */
  run(
    actions: readonly OdpAction[],
    executionContext: ExecutionContext,
    end: HandlerEnd,
    before: OdpUser | undefined,
  ): void {
    const due = actions.filter(
      ({ on = 'success' }) => on === 'always' || on === end.outcome,
    );
    if (due.length === 0) return;
    const context = new ActionContext(executionContext, end, before);
    for (const action of due) {
      // A handler may end in any async context, such as a socket's event.
      this.#callers.runForRequest(
        () => context.request,
        () => this.#background.soon(() => this.#send(action, context)),
      );
    }
  }

  #send(action: OdpAction, context: OdpActionContext): void | Promise<void> {
    const { account, accountOf } = action;
    const source = sourceOf(context);
    if (accountOf === undefined) {
      // An unknown name was reported at boot.
      return this.#sendTo(this.#target(account), action, context);
    }
    const failed = (problem: string) =>
      this.#logger.error(source, () => `On ${source}: ${problem}`);
    try {
      const sent = followUp(accountOf(context, this.#limit()), (name) => {
        const found = this.#target(name);
        if (found === undefined) failed(NO_SUCH_ACCOUNT);
        return this.#sendTo(found, action, context);
      });
      if (sent instanceof Promise) {
        return sent.catch((error: unknown) => failed(messageOf(error)));
      }
    } catch (error) {
      failed(messageOf(error));
    }
  }

  #sendTo(
    target: Target | undefined,
    action: OdpAction,
    context: OdpActionContext,
  ): void | Promise<void> {
    if (target === undefined) return;
    const { account, service } = target;
    const { executionContext: call } = context;
    const options = 'identity' in action ? { identity: action.identity } : {};
    const source = sourceOf(context);
    const limit = { clock: account.clock, ms: account.requestTimeout };
    const failed = (error: unknown) =>
      account.intake.refusals.failedToMake(error, source);
    try {
      if (this.#once.wasSent(action, call)) return;
      const sent = followUp(action.when(context, limit), (due) => {
        // Another run may have got here while `when` was pending.
        if (!due || this.#once.wasSent(action, call)) return;
        this.#once.sent(action, call);
        return followUp(action.make(context, limit), (events) => {
          account.intake.trackFrom(source, () => {
            for (const event of events) service.trackOdpEvent(event, options);
          });
        });
      });
      if (sent instanceof Promise) return sent.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** For functions that run before the account is known. */
  #limit(): TimeLimit {
    const account = this.#target(undefined)?.account;
    return {
      clock: account?.clock ?? systemClock,
      ms: account?.requestTimeout ?? FUNCTION_TIMEOUT_MS,
    };
  }

  #target(name: string | undefined): Target | undefined {
    const known = this.#targets.get(name);
    if (known !== undefined) return known;
    const token = getOdpAccountToken(name);
    const account = findProvider<OdpAccount>(this.#modules, token);
    const service = findProvider(this.#modules, getOdpServiceToken(name));
    if (account === undefined || service === undefined) return undefined;
    const target = { account, service };
    this.#targets.set(name, target);
    return target;
  }
}

/** How long the function of `account` may take if there is no account without a name. */
const FUNCTION_TIMEOUT_MS = 10_000;

/** Does not repeat the name, which may come from the request. */
const NO_SUCH_ACCOUNT =
  "@SendOdpEvent() sends nothing, since the function of account names an account that is not configured. Import OptimizelyOdpModule.forRoot({ name: '…', … }), or correct the function.";

const messageOf = (error: unknown): string =>
  error instanceof OdpError
    ? error.message
    : `account could not be determined: ${nameOfThrown(error)} was thrown`;

/** Which actions were sent for a GraphQL operation, which may run a handler many times. */
class OncePerRequest {
  readonly #done = new WeakMap<object, Set<OdpAction>>();

  /** Whether the action was sent before. */
  wasSent(action: OdpAction, call: ExecutionContext): boolean {
    const key = keyOf(action, call);
    return key !== undefined && this.#done.get(key)?.has(action) === true;
  }

  /** Remembers that it is sent now. */
  sent(action: OdpAction, call: ExecutionContext): void {
    const key = keyOf(action, call);
    if (key === undefined) return;
    const done = this.#done.get(key) ?? new Set();
    this.#done.set(key, done.add(action));
  }
}

/** What the runs of an operation have in common; `undefined` if each run counts. */
function keyOf(action: OdpAction, call: ExecutionContext): object | undefined {
  if (call.getType<string>() !== 'graphql') return undefined;
  const { oncePerRequest = isGraphqlField(call.getHandler()) } = action;
  const context = graphqlContext(call.getArgs());
  return oncePerRequest && typeof context === 'object' && context !== null
    ? context
    : undefined;
}
