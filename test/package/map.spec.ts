import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

it.each(['CONTRIBUTING.md', 'docs/architecture.md'])(
  '%s names only files and folders that are there',
  (page) => {
    const text = readFileSync(new URL(page, root), 'utf8');
    const paths = [...text.matchAll(/`((?:src|test|docs)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    expect(paths.length).toBeGreaterThan(10);
    const missing = paths.filter((path) => !existsSync(new URL(path, root)));
    expect(missing).toEqual([]);
  },
);

it('the map of docs/architecture.md has every folder of src', () => {
  const text = readFileSync(new URL('docs/architecture.md', root), 'utf8');
  const [, map = ''] = text.split('```');
  const house = readFileSync(new URL('.dependency-cruiser.cjs', root), 'utf8');
  const [, list = ''] = /const house = \[(.*?)\]/s.exec(house) ?? [];
  const folders = [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
  const inMap = [...map.matchAll(/^  (\w+)\/ {2,}\S/gm)].map(
    ([, name = '']) => name,
  );
  expect(inMap).toEqual(folders);
});
