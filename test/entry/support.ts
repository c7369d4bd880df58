import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type AppendOptions,
  type MaybePromise,
  memoryOutbox,
  OdpOutbox,
  OdpOutboxError,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
} from 'nestjs-optimizely-odp';
import { afterEach } from 'vitest';

/** Boots real apps on a free port; they are closed after each test. */
export function apps() {
  const open: INestApplication[] = [];
  afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));
  return async (metadata: ModuleMetadata): Promise<INestApplication> => {
    const module = await Test.createTestingModule(metadata).compile();
    const app = module.createNestApplication();
    app.useLogger(false);
    open.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  };
}

/** A memory outbox that fails, or hangs, on cue. */
export class BreakableOutbox extends OdpOutbox {
  readonly name = 'breakable';
  readonly durability = 'process';
  state: 'well' | 'failing' | 'hanging' = 'well';
  asked = 0;
  readonly #inner = memoryOutbox();

  open(context: OutboxContext) {
    if (this.state === 'failing') throw new OdpOutboxError('secret detail');
    return this.#inner.open(context);
  }

  append(events: readonly OutboxEvent[], options?: AppendOptions) {
    return this.#inner.append(events, options);
  }

  counts(): MaybePromise<OutboxCounts> {
    this.asked++;
    if (this.state === 'failing') throw new OdpOutboxError('secret detail');
    if (this.state === 'hanging') return new Promise(() => {});
    return this.#inner.counts();
  }

  claim = (request: Parameters<OdpOutbox['claim']>[0]) =>
    this.#inner.claim(request);
  acknowledge = (events: Parameters<OdpOutbox['acknowledge']>[0]) =>
    this.#inner.acknowledge(events);
  release = (...args: Parameters<OdpOutbox['release']>) =>
    this.#inner.release(...args);
  deadLetter = (...args: Parameters<OdpOutbox['deadLetter']>) =>
    this.#inner.deadLetter(...args);
  deadLetters = (...args: Parameters<OdpOutbox['deadLetters']>) =>
    this.#inner.deadLetters(...args);
  requeue = (...args: Parameters<OdpOutbox['requeue']>) =>
    this.#inner.requeue(...args);
  trimDeadLetters = () => this.#inner.trimDeadLetters();
  purge = (...args: Parameters<OdpOutbox['purge']>) =>
    this.#inner.purge(...args);
  checkpoint = () => this.#inner.checkpoint();
  erase = (...args: Parameters<OdpOutbox['erase']>) =>
    this.#inner.erase(...args);
  close = () => this.#inner.close();
}
