import { Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './module-definition.js';
import { OdpTrackingModule } from '../decorators/index.js';

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
export class OptimizelyOdpModule extends ConfigurableModuleClass {}
