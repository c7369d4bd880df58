// The SDK tells what it does in no other way. Should it word its lines
// differently one day, only the texts here get poorer, and a request that
// hangs is noticed later.

const FETCHER = 'PollingDatafileManager: ';
const PARSER = 'ProjectConfigManager: ';

/** Whether a line of its log is about asking for the datafile. */
export const isOfFetching = (line: string) => line.startsWith(FETCHER);

/** Whether a request for the datafile is under way from now on. */
export const isFetchBegun = (line: string) =>
  line.startsWith(`${FETCHER}Making datafile request`);

/**
 * What the line of an error says that a datafile did wrong; `undefined` if it
 * is about something else. What the SDK says of a broken datafile quotes it, and
 * so perhaps a key: that is left out.
 */
export function problemOf(line: string): string | undefined {
  if (line.startsWith(PARSER)) return 'is broken (the SDK cannot read it)';
  if (!isOfFetching(line)) return undefined;
  const text = line.slice(FETCHER.length);
  const [, status] = /status:? (\d{3})\b/.exec(text) ?? [];
  if (status !== undefined) return `was answered with status ${status}`;
  // A host of several addresses that all refuse has no text of its own.
  const why = text.replace(/^Error fetching datafile: */, '');
  return `cannot be fetched (${why === '' ? 'no connection' : why})`;
}
