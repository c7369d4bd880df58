// Finds links of README and docs, and files that messages name, which lead
// nowhere in the package as it is packed.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** @param directory the unpacked package */
export function brokenLinks(directory) {
  const pages = ['README.md', 'CHANGELOG.md', ...within(directory, 'docs')]
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(directory, file));
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((link) => !leads(page, link))
      .map((link) => `${relative(directory, page)}: ${link}`),
  );
  const code = within(directory, 'dist').filter((file) => file.endsWith('.js'));
  for (const file of code) {
    const text = readFileSync(join(directory, file), 'utf8');
    for (const [named] of text.matchAll(/\bdocs\/[\w-]+\.\w+/g)) {
      if (!existsSync(join(directory, named))) broken.push(`${file}: ${named}`);
    }
  }
  return broken;
}

function within(directory, folder) {
  return readdirSync(join(directory, folder), { recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => statSync(join(directory, file)).isFile());
}

/** What a page links to in the package: no other site's address, nothing in code. */
function linksOf(page) {
  const text = readFileSync(page, 'utf8')
    .replaceAll(/^(`{3,}).*?^\1/gms, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function leads(page, link) {
  const [path, anchor] = link.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(file).has(anchor);
}

/** As npm and GitHub make them of headings. */
function anchorsOf(page) {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
