import { OdpError } from './odp.error.js';

const DISCARDED = 'The event was discarded';

/** The account is not open: the app has begun to shut down, or its integration has not answered yet. The event was discarded. */
export class OdpNotReadyError extends OdpError {
  readonly code = 'sdkNotReady';

  constructor(why: 'closed' | 'starting' = 'closed', consequence = DISCARDED) {
    super(
      why === 'closed'
        ? `${consequence}: this app is shutting down and its last flush has run. ` +
            'Send events before onApplicationShutdown, or await what sends them there.'
        : `${consequence}: the integration has not named the ODP account yet. ` +
            "The log says why; whenNotReady: 'hold' lets events wait in the outbox instead.",
    );
  }
}

/** No ODP account is integrated. The event was discarded. */
export class OdpNotIntegratedError extends OdpError {
  readonly code = 'odpNotIntegrated';

  constructor(consequence = DISCARDED) {
    super(
      `${consequence}: ODP is not integrated. ` +
        'Set OPTIMIZELY_ODP_API_KEY, or pass apiKey to OptimizelyOdpModule; with an integration, enable ODP in Optimizely.',
    );
  }
}

/** The module was configured with `enabled: false`. The event was discarded. */
export class OdpNotEnabledError extends OdpError {
  readonly code = 'odpNotEnabled';

  constructor(consequence = DISCARDED) {
    super(
      `${consequence}: ODP is not enabled. ` +
        'Set enabled (or OPTIMIZELY_ODP_ENABLED) to true.',
    );
  }
}
