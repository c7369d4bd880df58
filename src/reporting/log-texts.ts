/** The answers that suspend delivery. */
export type SuspendingAnswer = 'misconfigured' | 'refused' | 'invalid';

const SUSPENSIONS: Readonly<
  Record<SuspendingAnswer, readonly [why: string, check: string]>
> = {
  misconfigured: [
    'the API key or the host is wrong',
    'Check apiKey, region and apiHost, or what the integration names',
  ],
  refused: [
    'whatever is sent is refused, so the events may not be to blame',
    'Check apiHost, and what is on the way there, such as a proxy',
  ],
  invalid: [
    'one answer after another names events as invalid and none is accepted, so it may not be ODP that answers',
    'Check apiHost, and what is on the way there, such as a proxy; events that were given up before are in odp.deadLetters',
  ],
};

/** What the reporter's log lines say; facts such as the account follow each. */
export const texts = {
  rejected: (reason: string) =>
    `ODP rejected an event, which was given up: ${reason === '' ? 'it gave no reason' : reason}`,
  expired: () =>
    'An event was given up: undelivered for longer than delivery.maxEventAge',
  identityFailed: (how: string) =>
    `The identity function ${how}: events of this request go without its identifiers. Return undefined if nobody is calling`,
  beforeSendFailed: (how: string) =>
    `The beforeSend function ${how}: the event is withheld. Return the event, or undefined to withhold it`,
  anonymous: () =>
    'An event was not sent: identity found no caller, and it has no identifier of its own',
  unawaited: (message: string, isEvent: boolean) =>
    `${message} Nobody awaited the promise that rejected: await it, or ${isEvent ? 'call trackOdpEvent' : 'catch what it rejects with'}`,
  retrying: (reason: string) =>
    `A request to ODP failed (${reason}); its events wait and are sent again`,
  suspended: (status: number, answer: SuspendingAnswer) => {
    const [why, check] = SUSPENSIONS[answer];
    return `ODP answered ${status}: ${why}. Delivery is suspended and nothing is given up; one event at a time is sent, at growing intervals, until ODP accepts one. ${check}`;
  },
  resumed: () => 'ODP accepts events again; delivery goes on',
  recovered: () => 'ODP answers again; waiting events are being sent',
  integrated: (source: string, apiHost: string, isAnother: boolean) =>
    `${
      isAnother
        ? `The ODP account has changed: ${source} names another key or host`
        : `ODP is integrated: ${source} names the account`
    }, and events go to ${apiHost} from now on`,
  disintegrated: (source: string) =>
    `ODP is not integrated: ${source} names no ODP account. New events are discarded, waiting ones stay in the outbox. Enable ODP in Optimizely`,
  integrationFailed: (source: string, problem: string, meanwhile: string) =>
    `${source.charAt(0).toUpperCase()}${source.slice(1)} ${problem}: ${meanwhile}`,
  discarded: (events: number) => `${events} events have been discarded so far`,
  outboxFailed: (doing: string, message: string) =>
    `The outbox failed to ${doing}${doing === 'close' ? '' : ' and is tried again'}: ${message}`,
  deadLettersRemoved: () =>
    'The oldest dead letters were removed: there were more, or older ones, than the option deadLetters keeps',
  subscriberFailed: (name: string) =>
    `A subscriber of events$ threw ${name}; delivery goes on. Catch it in the subscriber`,
} as const;
