import type { ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { getOdpAccountToken, OdpAccount } from '../service/index.js';
import type { OdpAction, OdpActionContext } from './odp-action.js';
import { odpRequestOf } from './odp-request.js';
import { streamEnd } from './stream-end.js';

/** How a handler ended. */
interface Outcome {
  readonly result: unknown;
  readonly error: unknown;
  readonly failed: boolean;
}

/** Makes the events of a handler's actions once it has ended, and tracks them. */
export class ActionRunner {
  readonly #modules: ModuleRef;
  readonly #accounts = new Map<string | undefined, OdpAccount>();

  constructor(modules: ModuleRef) {
    this.#modules = modules;
  }

  /** Watches how the handler ends, without changing or delaying what it returns. */
  follow(
    actions: readonly OdpAction[],
    context: ExecutionContext,
  ): MonoTypeOperatorFunction<unknown> {
    return (source) =>
      new Observable((subscriber) => {
        let result: unknown;
        return source.subscribe({
          next: (value) => {
            result = value;
            subscriber.next(value);
          },
          error: (error: unknown) => {
            this.#ended(actions, context, {
              result: undefined,
              error,
              failed: true,
            });
            subscriber.error(error);
          },
          complete: () => {
            this.#completed(actions, context, result);
            subscriber.complete();
          },
        });
      });
  }

  #completed(
    actions: readonly OdpAction[],
    context: ExecutionContext,
    result: unknown,
  ): void {
    const succeeded = { result, error: undefined, failed: false };
    const end = streamEnd(result);
    if (end === undefined) {
      this.#ended(actions, context, succeeded);
      return;
    }
    end.then(
      () => this.#ended(actions, context, succeeded),
      (error: unknown) =>
        this.#ended(actions, context, {
          result: undefined,
          error,
          failed: true,
        }),
    );
  }

  #ended(
    actions: readonly OdpAction[],
    executionContext: ExecutionContext,
    outcome: Outcome,
  ): void {
    const { result, error, failed } = outcome;
    const context: OdpActionContext = {
      request: odpRequestOf(executionContext),
      args: executionContext.getArgs(),
      result,
      error,
      executionContext,
    };
    for (const action of actions) {
      const { on = 'success', instance } = action;
      if (on !== 'always' && on !== (failed ? 'error' : 'success')) continue;
      const account = this.#account(instance);
      account.background.add(this.#run(action, context, account));
    }
  }

  async #run(
    action: OdpAction,
    context: OdpActionContext,
    account: OdpAccount,
  ): Promise<void> {
    const { executionContext } = context;
    const source = `${executionContext.getClass().name}.${executionContext.getHandler().name}`;
    // The response goes first: what makes the events may take its time.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    try {
      for (const event of await action.make(context)) {
        account.track(event, source);
      }
    } catch (error) {
      account.failedToMake(error, source);
    }
  }

  #account(name: string | undefined): OdpAccount {
    let account = this.#accounts.get(name);
    if (account === undefined) {
      account = this.#modules.get<OdpAccount>(getOdpAccountToken(name), {
        strict: false,
      });
      this.#accounts.set(name, account);
    }
    return account;
  }
}
