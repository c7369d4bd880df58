import { readFile } from 'node:fs/promises';
import type { Answer } from '../wire/answer.js';

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The page's files, which stand beside this code both in src and in dist. */
export class Assets {
  readonly #read = new Map<string, Promise<string>>();

  /** `undefined`: the page has no such file. */
  async answer(pathname: string): Promise<Answer | undefined> {
    const [, name, extension] =
      /^\/([a-z-]+\.(html|css|js|svg))$/.exec(
        pathname === '/' ? '/index.html' : pathname,
      ) ?? [];
    if (name === undefined) return undefined;
    let reading = this.#read.get(name);
    if (reading === undefined) {
      reading = readFile(new URL(`../page/${name}`, import.meta.url), 'utf8');
      this.#read.set(name, reading);
      // An unknown name is asked for anew: only files of the page are kept.
      reading.catch(() => this.#read.delete(name));
    }
    const body = await reading.catch(() => undefined);
    if (body === undefined) return undefined;
    return { status: 200, body, contentType: types[extension!]! };
  }
}
