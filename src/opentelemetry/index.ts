export {
  instrumentOdp,
  type InstrumentOdpOptions,
  type ObservedOdpAccount,
} from './instrument-odp.js';
export {
  OdpOpenTelemetryModule,
  type OdpOpenTelemetryOptions,
} from './opentelemetry.module.js';
