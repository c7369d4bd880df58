import { type ExecutionContext, Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { AmbientIdentity } from '../identity/index.js';
import { getOdpAccountToken } from '../service/index.js';
import type { OdpAccount } from '../account/index.js';
import { followUp } from './follow-up.js';
import { ActionContext } from './action-context.js';
import type { HandlerEnd } from './handler-end.js';
import type { OdpAction, OdpActionContext } from './odp-action.js';
import { OncePerRequest } from './once-per-request.js';

/** Makes the events of a handler's actions once it has ended, and tracks them. */
export class ActionRunner {
  readonly #modules: ModuleRef;
  readonly #ambient: AmbientIdentity;
  readonly #accounts = new Map<string | undefined, OdpAccount | undefined>();
  readonly #once = new OncePerRequest();

  constructor(modules: ModuleRef, ambient: AmbientIdentity) {
    this.#modules = modules;
    this.#ambient = ambient;
  }

  /** Never throws: the response goes its way whatever happens here. */
  run(
    actions: readonly OdpAction[],
    executionContext: ExecutionContext,
    end: HandlerEnd,
  ): void {
    const due = actions.filter(
      ({ on = 'success' }) => on === 'always' || on === end.outcome,
    );
    if (due.length === 0) return;
    const context = new ActionContext(executionContext, end);
    for (const action of due) {
      const account = this.#account(action.instance);
      if (account === undefined) continue;
      // What ends a handler may run anywhere, such as in a socket's event.
      this.#ambient.follow(
        () => context.request,
        () => {
          account.background.soon(() => this.#send(action, context, account));
        },
      );
    }
  }

  #send(
    action: OdpAction,
    context: OdpActionContext,
    account: OdpAccount,
  ): void | Promise<void> {
    const { executionContext: call } = context;
    const source = `${call.getClass().name}.${call.getHandler().name}`;
    const failed = (error: unknown) => account.failedToMake(error, source);
    try {
      if (this.#once.wasSent(action, call)) return;
      const sent = followUp(action.when(context), (due) => {
        // Another run may have passed while this one was asked.
        if (!due || this.#once.wasSent(action, call)) return;
        this.#once.sent(action, call);
        return followUp(action.make(context), (events) => {
          for (const event of events) account.track(event, source);
        });
      });
      if (sent instanceof Promise) return sent.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #account(name: string | undefined): OdpAccount | undefined {
    if (!this.#accounts.has(name)) {
      this.#accounts.set(name, this.#find(name));
    }
    return this.#accounts.get(name);
  }

  #find(name: string | undefined): OdpAccount | undefined {
    try {
      return this.#modules.get<OdpAccount>(getOdpAccountToken(name), {
        strict: false,
      });
    } catch {
      new Logger('OptimizelyOdp').error(noAccount(name));
      return undefined;
    }
  }
}

/** What to do about a decorator whose account does not exist. */
export function noAccount(name: string | undefined): string {
  return name === undefined
    ? '@SendOdpEvent() sends nothing, since the account without a name is not configured. Import OptimizelyOdpModule.forRoot({ … }) without a name, or say which account with instance.'
    : `@SendOdpEvent({ instance: '${name}' }) sends nothing, since no account has that name. Import OptimizelyOdpModule.forRoot({ name: '${name}', … }), or mend instance.`;
}
