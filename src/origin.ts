/**
 * Which app a message on a diagnostics channel comes from: channels are the
 * process's, and accounts of two apps in it may have one name. Seen by nobody
 * who looks at the message, and by nobody outside of this package.
 */
const APP = Symbol('ODP_APP');

/** @param app an object that stands for the app; none where there is no app */
export const messageOf = <T extends object>(
  app: object | undefined,
  message: T,
): T => Object.defineProperty(message, APP, { value: app });

/** The app that a message comes from. */
export const appOf = (message: object): object | undefined =>
  (message as { readonly [APP]?: object })[APP];
