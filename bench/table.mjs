// Rounds in, text out.

/** Median, minimum and maximum. */
export function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1
      ? sorted[Math.floor(middle)]
      : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

function text(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits =
    size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

const row = (cells) => `| ${cells.join(' | ')} |`;
const spread = ({ median, min, max }) =>
  min === max ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;

function verdict({ atLeast, atMost }, { median }) {
  if (atLeast === undefined && atMost === undefined) return ['', ''];
  return atLeast === undefined
    ? [`≤ ${atMost}`, median <= atMost ? 'met' : 'not met']
    : [`≥ ${atLeast}`, median >= atLeast ? 'met' : 'not met'];
}

/** Each lane's figures, as the median of the rounds. */
const medians = (rounds) =>
  Object.fromEntries(
    Object.entries(rounds[0]).map(([lane, figures]) => [
      lane,
      Object.fromEntries(
        Object.keys(figures).map((key) => [
          key,
          summary(rounds.map((round) => round[lane][key])).median,
        ]),
      ),
    ]),
  );

/** One comparison: its lanes' figures, then how they relate. `median (minimum–maximum)`. */
export function table({ title, figures, ratios }, rounds) {
  const lanes = Object.keys(rounds[0]);
  const measured = ratios.filter(
    ({ lanes: needed = [] }) =>
      needed.every((lane) => lanes.includes(lane)) && lanes.length > 0,
  );
  return [
    '',
    `### ${title}`,
    '',
    row(['', ...figures.map((figure) => figure.title)]),
    row(['---', ...figures.map(() => '--:')]),
    ...lanes.map((lane) =>
      row([
        lane,
        ...figures.map(({ key }) =>
          spread(summary(rounds.map((round) => round[lane][key]))),
        ),
      ]),
    ),
    '',
    row(['of the rounds', 'median', 'min', 'max', 'goal', '']),
    row(['---', '--:', '--:', '--:', '--:', '---']),
    ...measured.map((ratio) => {
      const { median, min, max } =
        ratio.of === undefined
          ? { median: ratio.ofMedians(medians(rounds)) }
          : summary(rounds.map(ratio.of));
      return row([
        ratio.title,
        text(median),
        text(min),
        text(max),
        ...verdict(ratio, { median }),
      ]);
    }),
  ].join('\n');
}
