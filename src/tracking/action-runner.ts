import { type ExecutionContext, Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import {
  type AmbientIdentity,
  getOdpAccountToken,
  type OdpAccount,
} from '../service/index.js';
import type { HandlerEnd } from './handler-end.js';
import type { OdpAction, OdpActionContext } from './odp-action.js';
import type { OdpRequest } from '../options/index.js';
import { OncePerRequest } from './once-per-request.js';
import { odpRequestOf } from './request/index.js';

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
    let request: OdpRequest | undefined;
    const context: OdpActionContext = {
      // Events that are made of the result alone do without it.
      get request() {
        return (request ??= odpRequestOf(executionContext));
      },
      args: executionContext.getArgs(),
      result: end.outcome === 'error' ? undefined : end.result,
      error: end.outcome === 'error' ? end.error : undefined,
      executionContext,
    };
    for (const action of due) {
      const account = this.#account(action.instance);
      // What ends a handler may run anywhere, such as in a socket's event.
      this.#ambient.follow(
        () => context.request,
        () => account?.background.add(this.#send(action, context, account)),
      );
    }
  }

  async #send(
    action: OdpAction,
    context: OdpActionContext,
    account: OdpAccount,
  ): Promise<void> {
    const { executionContext: call } = context;
    const source = `${call.getClass().name}.${call.getHandler().name}`;
    // The response goes first: what makes the events may take its time.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    try {
      if (this.#once.wasSent(action, call)) return;
      if (!(await action.when(context))) return;
      // Another run may have passed while this one was asked.
      if (this.#once.wasSent(action, call)) return;
      this.#once.sent(action, call);
      for (const event of await action.make(context)) {
        account.track(event, source);
      }
    } catch (error) {
      account.failedToMake(error, source);
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
