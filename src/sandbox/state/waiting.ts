import { OdpSandboxError } from '../errors.js';
import type { EventLog } from './event-log.js';
import type { OdpReceivedEvent } from './received.js';

type Predicate = (received: OdpReceivedEvent) => boolean;

/** Promises for events to come. */
export class Waiting {
  readonly #log: EventLog;
  readonly #rejects = new Set<(error: Error) => void>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** Resolves to the kept events once `count` were accepted since the last clear. */
  forCount(count: number, timeout: number): Promise<OdpReceivedEvent[]> {
    const events = count === 1 ? '1 event' : `${count} events`;
    return this.#wait(events, timeout, () =>
      this.#log.received >= count ? this.#log.all() : undefined,
    );
  }

  /** Resolves to the first `count` events that match, kept ones or to come. */
  forMatches(
    predicate: Predicate,
    count: number,
    timeout: number,
  ): Promise<OdpReceivedEvent[]> {
    const found: OdpReceivedEvent[] = [];
    const wanted =
      count === 1 ? 'an event that matches' : `${count} events that match`;
    return this.#wait(wanted, timeout, (events = this.#log.all()) => {
      found.push(...events.filter(predicate));
      return found.length >= count ? found.slice(0, count) : undefined;
    });
  }

  close(): void {
    for (const reject of this.#rejects) {
      reject(
        new OdpSandboxError(
          'closed',
          'The sandbox was closed while waiting for events. Await them before close().',
        ),
      );
    }
  }

  /** Resolves with what `look` finds, at once or among events that come in. */
  #wait<T>(
    wanted: string,
    timeout: number,
    look: (events?: readonly OdpReceivedEvent[]) => T | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const found = look();
      if (found !== undefined) return resolve(found);
      const end = () => {
        stop();
        clearTimeout(timer);
        this.#rejects.delete(fail);
      };
      const fail = (error: Error) => {
        end();
        reject(error);
      };
      const stop = this.#log.listen((events) => {
        try {
          const late = look(events);
          if (late === undefined) return;
          end();
          resolve(late);
        } catch (error) {
          // An error of the predicate rejects the wait.
          fail(error as Error);
        }
      });
      const timer = setTimeout(() => {
        const { received } = this.#log;
        fail(
          new OdpSandboxError(
            'timeout',
            `No sign of ${wanted} within ${timeout} ms; ${received} arrived in all. ` +
              'See requests() for refused ones, or give a longer timeout.',
          ),
        );
      }, timeout);
      this.#rejects.add(fail);
    });
  }
}
