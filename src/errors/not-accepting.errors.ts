import { OdpError } from './odp.error.js';

/** What became of what was asked: an event, or anything else. */
export type NotDone = 'The event was discarded' | 'Nothing was asked of ODP';

const DISCARDED: NotDone = 'The event was discarded';

/** The account is not open: the app has begun to shut down, or its integration has not answered yet. The event was discarded. */
export class OdpNotReadyError extends OdpError {
  readonly code = 'sdkNotReady';

  constructor(why: 'closed' | 'starting' = 'closed', notDone = DISCARDED) {
    super(
      why === 'closed'
        ? `${notDone}: this app is shutting down and its last flush has run. ` +
            'Send events before onApplicationShutdown, or await what sends them there.'
        : `${notDone}: the integration has not named the ODP account yet. ` +
            "The log says why; whenNotReady: 'hold' lets events wait in the outbox instead.",
    );
  }
}

/** No ODP account is integrated. The event was discarded. */
export class OdpNotIntegratedError extends OdpError {
  readonly code = 'odpNotIntegrated';

  constructor(notDone = DISCARDED) {
    super(
      `${notDone}: ODP is not integrated. ` +
        'Set OPTIMIZELY_ODP_API_KEY, or pass apiKey to OptimizelyOdpModule; with an integration, enable ODP in Optimizely.',
    );
  }
}

/** The module was configured with `enabled: false`. The event was discarded. */
export class OdpNotEnabledError extends OdpError {
  readonly code = 'odpNotEnabled';

  constructor(notDone = DISCARDED) {
    super(
      `${notDone}: ODP is not enabled. ` +
        'Set enabled (or OPTIMIZELY_ODP_ENABLED) to true.',
    );
  }
}
