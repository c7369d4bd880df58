import { type DynamicModule, Module } from '@nestjs/common';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
} from './module-definition.js';
import { OdpTrackingModule } from '../decorators/index.js';
import { OdpConfigurationError } from '../errors/index.js';

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
@Module({ imports: [OdpTrackingModule] })
export class OptimizelyOdpModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    checkArgument(options, 'forRoot({ apiKey })');
    return super.forRoot(options);
  }

  static override forRootAsync(
    options: typeof ASYNC_OPTIONS_TYPE,
  ): DynamicModule {
    checkArgument(options, 'forRootAsync({ inject, useFactory })');
    return super.forRootAsync(options);
  }
}

/** Nest would spread whatever it is: a key, letter by letter. */
function checkArgument(options: unknown, form: string): void {
  if (typeof options === 'object' && options !== null) return;
  throw new OdpConfigurationError([
    {
      path: 'options',
      message: `must be an object, not ${options === null ? 'null' : `of type ${typeof options}`}: write OptimizelyOdpModule.${form}`,
    },
  ]);
}
