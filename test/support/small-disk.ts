import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of a few megabytes that tests may fill up and make read-only. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Mounts one; `undefined` where that is not permitted. */
  static mount(megabytes: number): SmallDisk | undefined {
    const path = mkdtempSync(join(tmpdir(), 'odp-small-disk-'));
    try {
      const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`];
      execFileSync('mount', [...options, 'tmpfs', path], { stdio: 'ignore' });
    } catch {
      rmSync(path, { recursive: true });
      return undefined;
    }
    return new SmallDisk(path);
  }

  /** Leaves no byte free. */
  fill(): void {
    const chunk = Buffer.alloc(64 * 1024);
    for (let size = chunk.length; size > 0; size >>= 1) {
      try {
        for (;;) {
          writeFileSync(join(this.path, 'filler'), chunk.subarray(0, size), {
            flag: 'a',
          });
        }
      } catch {
        // No block of this size fits any more: try half of it.
      }
    }
  }

  /** Undoes {@link fill}. */
  free(): void {
    rmSync(join(this.path, 'filler'), { force: true });
  }

  makeReadOnly(): void {
    execFileSync('mount', ['-o', 'remount,ro', this.path]);
  }

  makeWritable(): void {
    execFileSync('mount', ['-o', 'remount,rw', this.path]);
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.path]);
    rmSync(this.path, { recursive: true });
  }
}
