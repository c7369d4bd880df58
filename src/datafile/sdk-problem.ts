const FETCHER = 'PollingDatafileManager: ';
const PARSER = 'ProjectConfigManager: ';

/**
 * What a line of the SDK's log says that a datafile did wrong; `undefined` if
 * it is about something else. The SDK tells it in no other way. What it says of
 * a broken datafile quotes it, and so perhaps a key: that is left out.
 */
export function problemOf(line: string): string | undefined {
  if (line.startsWith(PARSER)) return 'is broken: the SDK cannot read it';
  if (!line.startsWith(FETCHER)) return undefined;
  const text = line.slice(FETCHER.length);
  const [, status] = /status:? (\d{3})\b/.exec(text) ?? [];
  if (status !== undefined) return `was answered with status ${status}`;
  // A host of several addresses that all refuse has no text of its own.
  const why = text.replace(/^Error fetching datafile: */, '');
  return `cannot be fetched (${why === '' ? 'no connection' : why})`;
}
