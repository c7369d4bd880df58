import 'reflect-metadata';
import { Logger, type OnModuleInit } from '@nestjs/common';
import type { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { controllersOf, providersOf } from '../service/index.js';
import { classesOf, methodsOf } from './classes.js';
import { QualifiedGuard } from './qualified-guard.js';
import { GuardedLogger } from '../reporting/index.js';

/** Where Nest keeps the guards of a class or method, in the order in which they run. */
const GUARDS = '__guards__';

/**
 * Warns at boot if `@QualifiedFor()` runs before another guard, which may be
 * the one that sets the user: everybody would be denied, in silence.
 */
export class GuardOrderCheck implements OnModuleInit {
  readonly #modules: ModulesContainer;
  readonly #scanner: MetadataScanner;
  readonly #logger = new GuardedLogger(new Logger('OptimizelyOdp'));

  constructor(modules: ModulesContainer, scanner: MetadataScanner) {
    this.#modules = modules;
    this.#scanner = scanner;
  }

  onModuleInit(): void {
    const classes = classesOf([
      ...controllersOf(this.#modules),
      ...providersOf(this.#modules),
    ]);
    for (const type of classes) {
      const ofClass = guardsOf(type);
      this.#check(type.name, ofClass);
      for (const { name, handler } of methodsOf(type, this.#scanner)) {
        const ofMethod = guardsOf(handler);
        if (ofMethod.length === 0) continue;
        this.#check(`${type.name}.${name}`, ofMethod);
        // Those of the class run first.
        const before = ofClass.filter(isOurs);
        if (before.length > 0) {
          this.#check(`${type.name}, before ${name},`, [
            ...before,
            ...ofMethod,
          ]);
        }
      }
    }
  }

  #check(place: string, guards: readonly unknown[]): void {
    const ours = guards.findIndex(isOurs);
    if (ours === -1) return;
    const later = guards.slice(ours).filter((guard) => !isOurs(guard));
    if (later.length === 0) return;
    const names = later.map(nameOf).join(', ');
    this.#logger.warn(
      `@QualifiedFor() on ${place} runs before ${names}: a user whom that sets is not known yet. Nest runs the guards of a class first, then those of the lowest decorator: write @QualifiedFor() above @UseGuards(${names}), on the same class or method.`,
    );
  }
}

const guardsOf = (target: object) =>
  (Reflect.getMetadata(GUARDS, target) as readonly unknown[] | undefined) ?? [];

const isOurs = (guard: unknown): boolean =>
  typeof guard === 'function' && guard.prototype instanceof QualifiedGuard;

const nameOf = (guard: unknown): string =>
  typeof guard === 'function'
    ? guard.name
    : ((guard as object | null)?.constructor.name ?? 'a guard');
