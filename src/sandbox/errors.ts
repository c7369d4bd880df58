/** What went wrong in the sandbox itself, for programs. */
export type OdpSandboxErrorCode =
  'invalidOption' | 'invalidFault' | 'portTaken' | 'timeout' | 'closed';

/** The sandbox was asked for something that it cannot do, or a wait timed out. */
export class OdpSandboxError extends Error {
  override readonly name = 'OdpSandboxError';

  constructor(
    readonly code: OdpSandboxErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
