import { OdpError } from './odp.error.js';

/** The account is not open: the app has begun to shut down. The event was discarded. */
export class OdpNotReadyError extends OdpError {
  readonly code = 'sdkNotReady';

  constructor() {
    super(
      'The event was discarded: this app is shutting down and its last flush has run. ' +
        'Send events before onApplicationShutdown, or await what sends them there.',
    );
  }
}

/** No API key is configured. The event was discarded. */
export class OdpNotIntegratedError extends OdpError {
  readonly code = 'odpNotIntegrated';

  constructor() {
    super(
      'The event was discarded: ODP is not integrated, as no apiKey is set. ' +
        'Set OPTIMIZELY_ODP_API_KEY, or pass apiKey to OptimizelyOdpModule.',
    );
  }
}

/** The module was configured with `enabled: false`. The event was discarded. */
export class OdpNotEnabledError extends OdpError {
  readonly code = 'odpNotEnabled';

  constructor() {
    super(
      'The event was discarded: ODP is not enabled. ' +
        'Set enabled (or OPTIMIZELY_ODP_ENABLED) to true to send events.',
    );
  }
}
