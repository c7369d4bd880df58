import { ConsoleLogger, type INestApplication } from '@nestjs/common';

/** Nest's logger without its lines about routes and modules. */
export class QuietLogger extends ConsoleLogger {
  /** What keeps the app from listening is thrown, too. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== 'NestApplication') super.error(message, ...rest);
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = String(rest.at(-1));
    if (context.startsWith('OptimizelyOdp')) super.log(message, ...rest);
  }
}

/** Listens on `PORT`, 3000 unless set: the app's address. */
export async function listen(app: INestApplication): Promise<string> {
  const port = process.env.PORT ?? 3000;
  await orExplain('PORT', port, () => app.listen(port, '127.0.0.1'));
  return app.getUrl();
}

/** Ends the process with words where the port that `variable` sets is taken. */
export async function orExplain(
  variable: string,
  port: string | number,
  start: () => Promise<unknown>,
): Promise<void> {
  try {
    await start();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    const { npm_lifecycle_event: script } = process.env;
    const command =
      script === 'start' || script === undefined
        ? 'npm start'
        : `npm run ${script}`;
    console.error(
      `\nPort ${port} is in use. Stop what listens there, or take another one:\n\n  ${variable}=${Number(port) + 10} ${command}\n`,
    );
    process.exit(1);
  }
}
