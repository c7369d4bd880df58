interface Audience {
  readonly id?: unknown;
  /** JSON text in `audiences`, the value itself in `typedAudiences`. */
  readonly conditions?: unknown;
}

/**
 * Names of the segments that a datafile's audiences use, each once, in order. Like
 * the official SDKs: if two audiences have one id, the typed one counts, and a
 * condition is about a segment if its `match` is `qualified`.
 */
export function segmentsOfDatafile(datafile: unknown): readonly string[] {
  const { audiences = [], typedAudiences = [] } = datafile as {
    readonly audiences?: readonly Audience[];
    readonly typedAudiences?: readonly Audience[];
  };
  const byId = new Map(
    [...audiences, ...typedAudiences].map((one) => [one.id, one]),
  );
  const segments = new Set<string>();
  for (const { conditions } of byId.values()) {
    collect(
      typeof conditions === 'string' ? parsed(conditions) : conditions,
      segments,
    );
  }
  return [...segments];
}

function collect(condition: unknown, into: Set<string>): void {
  if (Array.isArray(condition)) {
    for (const one of condition) collect(one, into);
    return;
  }
  if (typeof condition !== 'object' || condition === null) return;
  const { match, value } = condition as { match?: unknown; value?: unknown };
  if (match === 'qualified' && typeof value === 'string') into.add(value);
}

/** Old datafiles may hold text that only old SDKs can read. */
function parsed(conditions: string): unknown {
  try {
    return JSON.parse(conditions);
  } catch {
    return undefined;
  }
}
