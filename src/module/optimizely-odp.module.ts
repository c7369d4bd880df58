import { type DynamicModule, Module } from '@nestjs/common';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
} from './module-definition.js';
import { OptimizelyOdpSharedModule } from '../decorators/index.js';
import { OdpConfigurationError } from '../errors/index.js';

const FOR_ROOT = 'forRoot({ apiKey })';
const FOR_ROOT_ASYNC = 'forRootAsync({ inject, useFactory })';

/**
 * Sends customer events to the Optimizely Data Platform. Import it once, with
 * `forRoot` or `forRootAsync`, and inject `OdpService` anywhere.
 *
 * ```ts
 * OptimizelyOdpModule.forRoot({ apiKey: 'W4WzcEs-ABgXorzY7h1LCQ' })
 * ```
 *
 * @throws OdpConfigurationError while the app boots, with every bad option
 */
@Module({ imports: [OptimizelyOdpSharedModule] })
export class OptimizelyOdpModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    checkArgument(options, FOR_ROOT);
    if (isAsync(options)) throw wrong('have a factory', FOR_ROOT_ASYNC);
    return super.forRoot(options);
  }

  static override forRootAsync(
    options: typeof ASYNC_OPTIONS_TYPE,
  ): DynamicModule {
    checkArgument(options, FOR_ROOT_ASYNC);
    if (!isAsync(options)) {
      throw wrong('lack useFactory, useClass or useExisting', FOR_ROOT_ASYNC);
    }
    return super.forRootAsync(options);
  }
}

const isAsync = (options: object): boolean =>
  ['useFactory', 'useClass', 'useExisting'].some((key) => key in options);

/** Nest would spread whatever it is: a key, letter by letter. */
function checkArgument(options: unknown, form: string): void {
  if (typeof options === 'object' && options !== null) return;
  const type = options === null ? 'null' : `of type ${typeof options}`;
  throw wrong(`must be an object, not ${type}`, form);
}

const wrong = (problem: string, form: string) =>
  new OdpConfigurationError([
    {
      path: 'options',
      message: `${problem}: write OptimizelyOdpModule.${form}`,
    },
  ]);
