// The TypeScript blocks of a page, as modules.
//
// A block stands for itself, save that blocks whose first line is `// name.ts`
// import one another. What a block assumes without showing it stands in a
// comment before it, and what is checked after it has run in one behind it:
//
//     <!-- assume
//     declare const email: string;
//     -->
//
//     <!-- check
//     assert.equal(sandbox.events().length, 1);
//     -->
import { readFileSync } from 'node:fs';

/**
 * @returns blocks as `{ page, line, name, text, isTest }`, each text as the page
 * with all else blanked out, so that the compiler names the page's own lines
 */
export function blocksOf(root, page) {
  const lines = readFileSync(new URL(page, root), 'utf8').split('\n');
  const blocks = [];
  let assumed = [];
  let within = 'text';
  let fence;
  for (const [index, line] of lines.entries()) {
    const block = blocks.at(-1);
    if (within === 'text') {
      const [, ticks, language] = /^\s*(`{3,})(\w*)/.exec(line) ?? [];
      fence = ticks;
      if (line.trim() === '<!-- assume') within = 'assumption';
      else if (line.trim() === '<!-- check') {
        within = 'check';
        block.text[index] = 'export async function check() {';
      } else if (language === 'ts' || language === 'typescript') {
        within = 'block';
        const text = lines.map(() => '');
        for (const at of assumed) text[at] = lines[at];
        const name = /^\/\/ ([\w.-]+)\.ts$/.exec(lines[index + 1])?.[1];
        blocks.push({ page, line: index + 1, name, text });
        assumed = [];
      } else if (language !== undefined) within = 'other block';
    } else if (within === 'assumption') {
      if (line.trim() === '-->') within = 'text';
      else assumed.push(index);
    } else if (within === 'check') {
      if (line.trim() === '-->') within = 'text';
      block.text[index] = line.trim() === '-->' ? '}' : line;
    } else if (line.trim() === fence) within = 'text';
    else if (within === 'block') block.text[index] = line;
  }
  if (within !== 'text' || assumed.length > 0) {
    throw new Error(`${page}: an unfinished block, or an assumption of none.`);
  }
  return blocks.map((block) => ({
    ...block,
    text: [...block.text, 'export {};'].join('\n'),
    isTest: block.text.some((line) => line.includes("from 'vitest'")),
  }));
}
