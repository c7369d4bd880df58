// What the comparisons are written with.

export const EVENTS = 100_000;
export const rate = { key: 'rate', title: 'events/s' };
export const cpu = { key: 'cpu', title: 'CPU µs/event' };
export const lost = { key: 'lost', title: 'lost' };
export const atLeast = (goal) => ({ atLeast: goal });
export const atMost = (goal) => ({ atMost: goal });

/** One lane's figure over another's. */
export const over = (title, lane, base, key = 'rate', goal = {}) => ({
  title,
  lanes: [lane, base],
  of: (round) => round[lane][key] / round[base][key],
  ...goal,
});

/** A lane's own figure, where a goal is set for it. */
export const itself = (title, lane, key, goal) => ({
  title,
  lanes: [lane],
  of: (round) => round[lane][key],
  ...goal,
});

/** What one lane's figure is beyond another's. */
export const beyond = (title, lane, base, key, goal = {}) => ({
  title,
  lanes: [lane, base],
  of: (round) => round[lane][key] - round[base][key],
  ...goal,
});

/** One sender, from the first event to the sink's last. */
export const sender = (name, more = {}) => ({
  run: 'throughput',
  options: { sender: name, events: EVENTS, ...more },
});
export const b500 = { batch: 500 };
